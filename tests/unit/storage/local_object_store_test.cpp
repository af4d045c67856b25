#include "storage/local_object_store.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "base/uuid.hpp"
#include "support/memory_source.hpp"
#include "support/run_task.hpp"
#include "unit/storage/local_store_fixture.hpp"

namespace clinikk {
namespace {

namespace fs = std::filesystem;
using testing::MemorySource;
using testing::no_limit;
using testing::run_task;

std::string new_key() { return "video/" + new_uuid().to_string() + ".mp4"; }

Task<Result<StoredBytes>> put(ObjectStore& store, std::string key, std::string bytes) {
    auto const write = co_await store.create(new_uuid().to_string());
    MemorySource source(std::move(bytes));
    auto stored = co_await write->write(source, no_limit);
    if (stored) co_await write->commit(key);
    co_return stored;
}

int open_descriptors() {
    return static_cast<int>(std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
}

using LocalObjectStoreTest = testing::LocalStoreFixture;

TEST_F(LocalObjectStoreTest, RefusesOtherKeys) {
    open();
    auto const id = new_uuid().to_string();
    std::ofstream(directory_ / "outside.mp4") << "secret";
    for (std::string const& key : std::vector<std::string>{"",
                                                           "/etc/passwd",
                                                           "../outside.mp4",
                                                           "video/../../" + id + ".mp4",
                                                           "video/" + id,
                                                           "video/" + id + ".",
                                                           "video/" + id + ".abcdef",
                                                           "video/" + id + ".MP4",
                                                           id + ".mp4",
                                                           "/" + id + ".mp4",
                                                           "../" + id + ".mp4",
                                                           "video//" + id + ".mp4",
                                                           "video/x/" + id + ".mp4",
                                                           "video/" + id + ".mp4/",
                                                           "video/" + id + ".m/4",
                                                           "video/" + id + "/.mp4",
                                                           "Video/" + id + ".mp4",
                                                           "video/" + id + ".mp4" + std::string(1, '\0'),
                                                           "video/" + id + std::string("\0.mp4", 5),
                                                           "video/" + std::string(36, '.') + ".mp4",
                                                           "video/" + std::string(36, 'a') + ".mp4",
                                                           "video/0190B5F0-0000-7000-8000-0123456789AB.mp4",
                                                           "aaaaaaaaaaaaaaaaa/" + id + ".mp4"}) {
        EXPECT_THROW(run_task(store_->read_at(key, {0, 1})), std::invalid_argument) << key;
        EXPECT_THROW(run_task(store_->body(key, {0, 1}, 1)), std::invalid_argument) << key;
        EXPECT_THROW(run_task(store_->stat(key)), std::invalid_argument) << key;
        EXPECT_THROW(run_task(store_->remove(key)), std::invalid_argument) << key;
        EXPECT_THROW(run_task(store_->copy(key, new_key())), std::invalid_argument) << key;
        EXPECT_THROW(run_task(store_->copy(new_key(), key)), std::invalid_argument) << key;
        EXPECT_THROW(run_task(put(*store_, key, "x")), std::invalid_argument) << key;
    }
    for (auto const& write_id : std::vector<std::string>{"", "../x", "x", id + "x", "../" + id}) {
        EXPECT_THROW(run_task(store_->create(write_id)), std::invalid_argument) << write_id;
        EXPECT_THROW(run_task(store_->remove_uncommitted(write_id)), std::invalid_argument) << write_id;
        EXPECT_THROW(run_task(store_->is_being_written(write_id)), std::invalid_argument) << write_id;
    }
    EXPECT_TRUE(temporary_is_empty());
}

TEST_F(LocalObjectStoreTest, FollowsNoSymbolicLinks) {
    open();
    auto const key = new_key();
    std::ofstream(directory_ / "outside.mp4") << "secret";
    fs::create_directory(root_ / "video");
    fs::create_symlink(directory_ / "outside.mp4", root_ / key);
    EXPECT_FALSE(run_task(store_->body(key, {0, 6}, 6)));
    EXPECT_FALSE(run_task(store_->read_at(key, {0, 6})));
    EXPECT_FALSE(run_task(store_->stat(key)));
}

TEST_F(LocalObjectStoreTest, FollowsNoFolderOutOfTheStore) {
    open();
    auto const key = new_key();
    fs::create_directory(directory_ / "outside");
    std::ofstream(directory_ / "outside" / key.substr(6)) << "secret";
    fs::create_directory_symlink(directory_ / "outside", root_ / "video");
    EXPECT_FALSE(run_task(store_->body(key, {0, 6}, 6)));
    EXPECT_FALSE(run_task(store_->read_at(key, {0, 6})));
    EXPECT_FALSE(run_task(store_->stat(key)));
    EXPECT_TRUE(run_task(store_->list("", "", 10)).empty());
    EXPECT_THROW(run_task(store_->remove(key)), Unavailable);
    EXPECT_THROW(run_task(put(*store_, new_key(), "bytes")), Unavailable);
    EXPECT_FALSE(run_task(store_->check()));
    EXPECT_TRUE(fs::exists(directory_ / "outside" / key.substr(6)));
    EXPECT_EQ(std::distance(fs::directory_iterator(directory_ / "outside"), fs::directory_iterator()), 1);
}

/// Puts something that is no object where one could stand.
struct Misfit {
    char const* name;
    void (*make)(fs::path const& path);
};

constexpr Misfit misfits[]{
    {"a directory", [](fs::path const& path) { fs::create_directories(path / "deep" / "deeper"); }},
    {"a link to nothing", [](fs::path const& path) { fs::create_symlink("nowhere", path); }},
    {"a link to itself", [](fs::path const& path) { fs::create_symlink(path.filename(), path); }},
    {"a link to a file", [](fs::path const& path) { fs::create_symlink("/etc/passwd", path); }},
    {"a FIFO", [](fs::path const& path) { ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0); }},
    {"a socket", [](fs::path const& path) { ASSERT_EQ(::mknod(path.c_str(), S_IFSOCK | 0600, 0), 0); }},
};

TEST_F(LocalObjectStoreTest, TakesNothingElseForAnObject) {
    open();
    auto const good = new_key();
    ASSERT_TRUE(run_task(put(*store_, good, "bytes")));
    for (auto const& misfit : misfits) {
        auto const key = new_key();
        misfit.make(root_ / key);
        EXPECT_FALSE(run_task(store_->body(key, {0, 1}, 1))) << misfit.name;
        EXPECT_FALSE(run_task(store_->read_at(key, {0, 1}))) << misfit.name;
        EXPECT_FALSE(run_task(store_->stat(key))) << misfit.name;
        EXPECT_FALSE(run_task(store_->copy(key, new_key()))) << misfit.name;
        EXPECT_EQ(run_task(store_->list("", "", 10)), std::vector{good}) << misfit.name;
        auto const id = new_uuid().to_string();
        misfit.make(temporary_ / (id + ".part"));
        EXPECT_TRUE(run_task(store_->list_uncommitted()).empty()) << misfit.name;
    }
}

TEST_F(LocalObjectStoreTest, ListsPastWhatIsNotItsOwn) {
    open();
    auto const good = new_key();
    ASSERT_TRUE(run_task(put(*store_, good, "bytes")));
    std::ofstream(root_ / "audio") << "a file";
    fs::create_symlink("nowhere", root_ / "images");
    fs::create_directory(root_ / "lost+found");
    std::ofstream(root_ / "video" / "\xff\xfe.mp4") << "x";
    std::ofstream(root_ / "video" / "note\n.txt") << "x";
    EXPECT_EQ(run_task(store_->list("", "", 10)), std::vector{good});
    EXPECT_EQ(run_task(store_->list("video/", "", 10)), std::vector{good});
}

TEST_F(LocalObjectStoreTest, SeesWhatWasDoneToAFileItHasOpen) {
    open();
    auto const key = new_key();
    auto const path = root_ / key;
    ASSERT_TRUE(run_task(put(*store_, key, "bytes")));
    EXPECT_TRUE(run_task(store_->body(key, {0, 5}, 5)));
    fs::resize_file(path, 3);
    EXPECT_FALSE(run_task(store_->body(key, {0, 5}, 5)));
    EXPECT_FALSE(run_task(store_->body(key, {0, 1}, 5))) << "what is left of it";
    fs::resize_file(path, 5);
    EXPECT_TRUE(run_task(store_->body(key, {0, 5}, 5)));
    fs::rename(path, directory_ / "aside");
    EXPECT_FALSE(run_task(store_->body(key, {0, 5}, 5)));
    fs::create_directory(path);
    EXPECT_FALSE(run_task(store_->body(key, {0, 5}, 5)));
}

TEST_F(LocalObjectStoreTest, KeepsEverythingPrivate) {
    ::umask(0);
    open();
    auto const key = new_key();
    ASSERT_TRUE(run_task(put(*store_, key, "bytes")));
    ::umask(022);
    EXPECT_EQ(fs::status(root_ / key).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    for (auto const& directory : {root_, temporary_, root_ / "video"}) {
        EXPECT_EQ(fs::status(directory).permissions(), fs::perms::owner_all) << directory;
    }
}

TEST_F(LocalObjectStoreTest, LeavesNoTemporaryFiles) {
    open();
    auto const steps = [](ObjectStore& store, std::size_t size, bool fails) -> Task<> {
        auto const write = co_await store.create(new_uuid().to_string());
        MemorySource source(std::string(size, 'x'));
        if (fails) source.fail_at_end(Error(ErrorCode::request_timeout));
        auto const stored = co_await write->write(source, no_limit);
        EXPECT_EQ(stored.has_value(), !fails);
    };
    auto const before = open_descriptors();
    for (std::size_t const size : {0UL, 1000UL, 262'144UL, 1'000'000UL, 20'000'000UL}) {
        for (bool const fails : {false, true}) {
            run_task(steps(*store_, size, fails));
            EXPECT_TRUE(temporary_is_empty()) << size << " " << fails;
        }
    }
    run_task(put(*store_, new_key(), "bytes"));
    run_task(store_->check());
    EXPECT_TRUE(temporary_is_empty());
    pool_->join();
    EXPECT_EQ(open_descriptors(), before);
}

/// A source that throws after some bytes, as a lost database in the middle of an upload does.
class ThrowingSource final : public ByteSource {
public:
    Task<Result<std::string_view>> next() override {
        if (++count_ > 40) throw std::runtime_error("gone");
        co_return std::string_view(piece_);
    }

private:
    int count_ = 0;
    std::string piece_ = std::string(65536, 'x');
};

TEST_F(LocalObjectStoreTest, LeavesNothingWhenTheSourceThrows) {
    open();
    auto const steps = [](ObjectStore& store) -> Task<> {
        auto const write = co_await store.create(new_uuid().to_string());
        ThrowingSource source;
        auto const stored = co_await write->write(source, no_limit);
        EXPECT_FALSE(stored);
    };
    EXPECT_THROW(run_task(steps(*store_)), std::runtime_error);
    EXPECT_TRUE(temporary_is_empty());
}

TEST_F(LocalObjectStoreTest, RefusesASecondWriterOfOneId) {
    open();
    auto const id = new_uuid().to_string();
    auto const first = run_task(store_->create(id));
    EXPECT_THROW(run_task(store_->create(id)), std::system_error);
    EXPECT_TRUE(fs::exists(temporary_ / (id + ".part"))) << "the second took the first one's file away";
}

TEST_F(LocalObjectStoreTest, NeverReplacesAnObject) {
    open();
    auto const key = new_key();
    ASSERT_TRUE(run_task(put(*store_, key, "first")));
    EXPECT_THROW(run_task(put(*store_, key, "second")), std::system_error);
    EXPECT_EQ(run_task(store_->read_at(key, {0, 10})), "first");
    EXPECT_TRUE(temporary_is_empty());
}

TEST_F(LocalObjectStoreTest, KeepsTheReserveFree) {
    open(1ULL << 62);
    for (std::size_t const size : {1UL, 1'000'000UL, 20'000'000UL}) {
        auto const stored = run_task(put(*store_, new_key(), std::string(size, 'x')));
        ASSERT_FALSE(stored) << size;
        EXPECT_EQ(stored.error().code, ErrorCode::insufficient_storage);
    }
    EXPECT_EQ(run_task(store_->free_space()), 0U);
    auto const checked = run_task(store_->check());
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::insufficient_storage);
    EXPECT_TRUE(temporary_is_empty());
}

TEST_F(LocalObjectStoreTest, ForgetsWhatAnotherProcessRemoved) {
    open();
    auto const key = new_key();
    ASSERT_TRUE(run_task(put(*store_, key, "bytes")));
    EXPECT_TRUE(run_task(store_->body(key, {0, 5}, 5)));
    fs::remove(root_ / key);
    store_->close_idle_files();
    EXPECT_FALSE(run_task(store_->body(key, {0, 5}, 5)));
}

TEST_F(LocalObjectStoreTest, ServesToManyThreadsAndNothingThatIsRemoved) {
    open();
    for (int round = 0; round < 20; ++round) {
        auto const key = new_key();
        fs::create_directories(root_ / "video");
        std::ofstream(root_ / key) << "bytes";
        std::atomic<bool> is_removed = false;
        std::vector<std::thread> readers;
        for (int i = 0; i < 3; ++i) {
            readers.emplace_back([&] {
                for (;;) {
                    bool const expects_nothing = is_removed;
                    auto const bytes = run_task(store_->read_at(key, {0, 9}));
                    EXPECT_TRUE(!bytes || (*bytes == "bytes" && !expects_nothing));
                    if (expects_nothing) return;
                }
            });
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        run_task(store_->remove(key));
        is_removed = true;
        for (auto& reader : readers) reader.join();
    }
}

TEST_F(LocalObjectStoreTest, RefusesRangesBeyondTheEnd) {
    open();
    auto const key = new_key();
    ASSERT_TRUE(run_task(put(*store_, key, "bytes")));
    for (ByteRange const range : {ByteRange{0, 6}, {5, 1}, {6, 0}, {1, ~0ULL}, {~0ULL, 1}}) {
        EXPECT_THROW(run_task(store_->body(key, range, 5)), std::out_of_range) << range.offset;
    }
}

TEST_F(LocalObjectStoreTest, KeepsFewFilesOpen) {
    open();
    std::vector<std::string> keys;
    for (int i = 0; i < 300; ++i) {
        keys.push_back("video/" + new_uuid().to_string() + ".mp4");
        fs::create_directories(root_ / "video");
        std::ofstream(root_ / keys.back()) << i;
    }
    auto const before = open_descriptors();
    for (std::size_t i = 0; i < keys.size(); ++i) {
        EXPECT_TRUE(run_task(store_->body(keys[i], {0, 1}, std::to_string(i).size())));
    }
    EXPECT_EQ(open_descriptors() - before, 256);
    for (int i = 0; i < 300; ++i) {
        EXPECT_EQ(run_task(store_->read_at(keys[static_cast<std::size_t>(i)], {0, 9})), std::to_string(i));
    }
    for (auto const& key : keys) run_task(store_->remove(key));
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(LocalObjectStoreTest, SaysWhenItCannotBeWrittenTo) {
    open();
    EXPECT_TRUE(run_task(store_->check()));
    fs::remove_all(temporary_);
    auto const checked = run_task(store_->check());
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::unavailable);
    EXPECT_THROW(run_task(store_->create(new_uuid().to_string())), Unavailable);
}

TEST_F(LocalObjectStoreTest, NeverShowsAPathInAnException) {
    open();
    fs::remove_all(temporary_);
    try {
        run_task(store_->create(new_uuid().to_string()));
        FAIL();
    } catch (Unavailable const& error) {
        EXPECT_EQ(std::string(error.what()).find('/'), std::string::npos) << error.what();
    }
}

TEST_F(LocalObjectStoreTest, NeedsOneFileSystem) {
    BlockingPool pool(1);
    if (!fs::exists("/dev/shm")) GTEST_SKIP();
    auto const other = fs::path("/dev/shm") / directory_.filename();
    EXPECT_THROW(open_local_object_store({root_, other, 0}, clock_, pool, log_), std::runtime_error);
    fs::remove_all(other);
}

}  // namespace
}  // namespace clinikk
