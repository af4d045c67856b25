#include "domain/packaging.hpp"

#include <gtest/gtest.h>

namespace clinikk {
namespace {

std::string bytes_of(PackagedBytes const& packaged, std::string const& source) {
    auto bytes = packaged.head;
    for (auto const& run : packaged.runs) bytes += source.substr(run.offset, run.length);
    return bytes;
}

TEST(PackagedBytes, HasTheRightBytesInEveryRange) {
    std::string source;
    for (char c = 'A'; c <= 'Z'; ++c) source += c;
    PackagedBytes const packaged{"0123456", {{3, 4}, {9, 1}, {0, 0}, {20, 6}, {1, 2}}};
    auto const all = bytes_of(packaged, source);
    ASSERT_EQ(all, "0123456DEFGJUVWXYZBC");
    ASSERT_EQ(packaged.length(), all.size());
    for (std::size_t from = 0; from <= all.size(); ++from) {
        for (std::size_t length = 0; from + length <= all.size(); ++length) {
            auto const part = packaged.part({from, length});
            EXPECT_EQ(bytes_of(part, source), all.substr(from, length)) << from << '+' << length;
            EXPECT_EQ(part.length(), length);
            for (auto const& run : part.runs) EXPECT_GT(run.length, 0U);
        }
    }
}

}  // namespace
}  // namespace clinikk
