#include "domain/file_name.hpp"

#include <gtest/gtest.h>

namespace clinikk {
namespace {

TEST(WithoutDirectories, LeavesTheLastSegment) {
    EXPECT_EQ(without_directories("/etc/passwd"), "passwd");
    EXPECT_EQ(without_directories("../../x.mp4"), "x.mp4");
    EXPECT_EQ(without_directories("C:\\videos\\x.mp4"), "x.mp4");
    EXPECT_EQ(without_directories("a/b\\c"), "c");
    EXPECT_EQ(without_directories("a/"), "");
    EXPECT_EQ(without_directories("x.mp4"), "x.mp4");
}

}  // namespace
}  // namespace clinikk
