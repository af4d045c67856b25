#include "storage/open_file_cache.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace clinikk {
namespace {

OpenObject make_object(std::uint64_t size) {
    return {std::make_shared<FileDescriptor const>(::open("/dev/null", O_RDONLY | O_CLOEXEC)), size};
}

TEST(OpenFileCache, DropsTheOneThatWasUsedLongestAgo) {
    OpenFileCache cache(2);
    cache.insert("a", make_object(1), cache.generation());
    cache.insert("b", make_object(2), cache.generation());
    EXPECT_TRUE(cache.find("a"));
    cache.insert("c", make_object(3), cache.generation());
    EXPECT_FALSE(cache.find("b"));
    ASSERT_TRUE(cache.find("a"));
    ASSERT_TRUE(cache.find("c"));
    EXPECT_EQ(cache.find("a")->size, 1U);
    EXPECT_EQ(cache.find("c")->size, 3U);
}

TEST(OpenFileCache, KeepsTheFirstOfTwo) {
    OpenFileCache cache(2);
    auto const first = make_object(1);
    cache.insert("a", first, cache.generation());
    cache.insert("a", make_object(2), cache.generation());
    EXPECT_EQ(cache.find("a")->file, first.file);
}

TEST(OpenFileCache, ForgetsAndCloses) {
    OpenFileCache cache(2);
    std::weak_ptr<FileDescriptor const> file;
    {
        auto const object = make_object(1);
        file = object.file;
        cache.insert("a", object, cache.generation());
    }
    EXPECT_FALSE(file.expired());
    cache.forget("a");
    EXPECT_TRUE(file.expired());
    EXPECT_FALSE(cache.find("a"));
    cache.forget("a");
}

/// One thread opens the file, another unlinks it and forgets the key, then the first inserts what it has.
TEST(OpenFileCache, DoesNotKeepWhatWasForgottenMeanwhile) {
    OpenFileCache cache(2);
    auto const generation = cache.generation();
    auto const opened = make_object(1);
    cache.forget("a");
    cache.insert("a", opened, generation);
    EXPECT_FALSE(cache.find("a"));
}

}  // namespace
}  // namespace clinikk
