#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/uuid.hpp"
#include "support/run_task.hpp"
#include "unit/storage/local_store_fixture.hpp"

namespace clinikk {
namespace {

namespace fs = std::filesystem;
using testing::no_limit;
using testing::run_task;

using LocalCollectTest = testing::LocalStoreFixture;

TEST_F(LocalCollectTest, ListsAndCollectsOnlyWhatNobodyWrites) {
    open();
    auto const living = new_uuid().to_string();
    auto const dead = new_uuid().to_string();
    std::ofstream(temporary_ / (dead + ".part")) << "half";
    std::ofstream(temporary_ / "notes.txt") << "not ours";
    fs::create_symlink("nowhere", temporary_ / (new_uuid().to_string() + ".link"));
    auto write = run_task(store_->create(living));
    auto const found = run_task(store_->list_uncommitted());
    ASSERT_EQ(found.size(), 2U);
    for (auto const& file : found) {
        EXPECT_TRUE(file.write_id == living || file.write_id == dead) << file.write_id;
        EXPECT_LT(file.age, std::chrono::seconds(60));
    }
    EXPECT_TRUE(run_task(store_->is_being_written(living)));
    EXPECT_FALSE(run_task(store_->is_being_written(dead)));
    EXPECT_FALSE(run_task(store_->is_being_written(new_uuid().to_string())));
    EXPECT_FALSE(run_task(store_->remove_uncommitted(living)));
    EXPECT_TRUE(run_task(store_->remove_uncommitted(dead)));
    EXPECT_FALSE(run_task(store_->remove_uncommitted(dead)));
    EXPECT_FALSE(fs::exists(temporary_ / (dead + ".part")));
    EXPECT_TRUE(fs::exists(temporary_ / (living + ".part")));
    write.reset();
    EXPECT_FALSE(run_task(store_->remove_uncommitted(living)));
    EXPECT_TRUE(fs::exists(temporary_ / "notes.txt"));
}

/// A source that tells its process's parent when it is asked for more, and then has nothing for ever.
class StuckSource final : public ByteSource {
public:
    explicit StuckSource(int pipe) : pipe_(pipe) {}

    Task<Result<std::string_view>> next() override {
        if (++count_ <= 100) co_return std::string_view(piece_);
        char const told = 'x';
        if (::write(pipe_, &told, 1) != 1) ::_exit(1);
        for (;;) ::pause();
    }

private:
    int pipe_;
    int count_ = 0;
    std::string piece_ = std::string(65536, 'x');
};

TEST_F(LocalCollectTest, ACollectorTakesWhatAKilledProcessLeft) {
    int pipe[2];
    ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
    auto const id = new_uuid().to_string();
    pid_t const child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        open();
        auto const steps = [](ObjectStore& store, std::string write_id, int fd) -> Task<> {
            auto const write = co_await store.create(write_id);
            StuckSource source(fd);
            auto const stored = co_await write->write(source, no_limit);
            ::_exit(stored ? 2 : 3);
        };
        run_task(steps(*store_, id, pipe[1]));
        ::_exit(4);
    }
    ::close(pipe[1]);
    char told = 0;
    ASSERT_EQ(::read(pipe[0], &told, 1), 1) << "the child did not start to write";
    ::close(pipe[0]);
    open();
    EXPECT_TRUE(run_task(store_->is_being_written(id)));
    EXPECT_FALSE(run_task(store_->remove_uncommitted(id))) << "its writer lives";
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status));
    auto const left = run_task(store_->list_uncommitted());
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].write_id, id);
    EXPECT_GT(fs::file_size(temporary_ / (id + ".part")), 1'000'000U);
    EXPECT_TRUE(run_task(store_->list("", "", 10)).empty());
    EXPECT_TRUE(run_task(store_->remove_uncommitted(id)));
    EXPECT_TRUE(temporary_is_empty());
}

}  // namespace
}  // namespace clinikk
