#include "media/child_process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <system_error>

#include "base/file.hpp"

namespace clinikk::media {
namespace {

using namespace std::chrono_literals;

ChildCommand shell(std::string script) { return {"/bin/sh", {"sh", "-c", std::move(script)}}; }

TEST(ChildProcess, GivesOutputErrorsAndStatus) {
    auto const result = run_child(shell("echo out; echo err >&2; exit 7"));
    EXPECT_EQ(result.end, ChildEnd::exited);
    EXPECT_EQ(result.code, 7);
    EXPECT_EQ(result.output, "out\n");
    EXPECT_EQ(result.errors, "err\n");
}

TEST(ChildProcess, HasNoEnvironmentNoInputAndNoDescriptorsOfOurs) {
    ::setenv("CLINIKK_TEST_SECRET", "in the environment", 1);
    FileDescriptor const ours(::open("/etc/hostname", O_RDONLY | O_CLOEXEC));
    auto const result = run_child(shell("/usr/bin/env; cat; ls -l /proc/self/fd"));
    ::unsetenv("CLINIKK_TEST_SECRET");
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.output.find("SECRET"), std::string::npos) << result.output;
    EXPECT_EQ(result.output.find("hostname"), std::string::npos) << result.output;
    EXPECT_NE(result.output.find("0 -> /dev/null"), std::string::npos) << result.output;
}

TEST(ChildProcess, InheritsWhatItIsGiven) {
    FileDescriptor const file(::open("/etc/hostname", O_RDONLY | O_CLOEXEC));
    auto command = shell("readlink /proc/self/fd/3; readlink /proc/self/fd/9");
    command.descriptors = {{3, file.get()}, {9, file.get()}};
    auto const result = run_child(command);
    EXPECT_EQ(result.output, "/etc/hostname\n/etc/hostname\n");
}

TEST(ChildProcess, TellsOfSignals) {
    auto const result = run_child(shell("kill -SEGV $$"));
    EXPECT_EQ(result.end, ChildEnd::killed);
    EXPECT_EQ(result.code, SIGSEGV);
}

TEST(ChildProcess, EndsAtTheDeadlineWithItsWholeGroup) {
    auto command = shell("sleep 60 & echo $!; sleep 60");
    command.deadline = 200ms;
    auto const before = std::chrono::steady_clock::now();
    auto const result = run_child(command);
    EXPECT_EQ(result.end, ChildEnd::timed_out);
    EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
    auto const grandchild = std::stoi(result.output);
    // Killed; whoever adopts it may take a moment to notice.
    bool gone = false;
    for (int i = 0; i < 100 && !gone; ++i) {
        FileDescriptor const state(::open(("/proc/" + std::to_string(grandchild) + "/stat").c_str(), O_RDONLY));
        char buffer[64] = {};
        gone = !state || ::read(state.get(), buffer, sizeof buffer - 1) <= 0 ||
               std::string(buffer).find(") Z") != std::string::npos;
        if (!gone) ::usleep(10'000);
    }
    EXPECT_TRUE(gone);
}

TEST(ChildProcess, DoesNotWaitForGrandchildrenThatHoldThePipes) {
    auto const before = std::chrono::steady_clock::now();
    auto const result = run_child(shell("sleep 60 & echo done"));
    EXPECT_EQ(result.end, ChildEnd::exited);
    EXPECT_EQ(result.output, "done\n");
    EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
}

TEST(ChildProcess, BoundsOutput) {
    auto command = shell("exec yes");
    command.max_output = 100'000;
    auto const result = run_child(command);
    EXPECT_EQ(result.end, ChildEnd::too_talkative);
    EXPECT_LT(result.output.size(), 200'000U);
}

TEST(ChildProcess, KeepsTheLastErrors) {
    auto command = shell("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done >&2");
    command.max_errors = 1000;
    auto const result = run_child(command);
    EXPECT_EQ(result.end, ChildEnd::exited);
    EXPECT_LE(result.errors.size(), 1000U);
    EXPECT_TRUE(result.errors.ends_with("line 19999\n")) << result.errors;
}

TEST(ChildProcess, AMissingProgramIsAnException) {
    ChildCommand const command{"/nonexistent/program", {"program"}};
    EXPECT_THROW(run_child(command), std::system_error);
}

}  // namespace
}  // namespace clinikk::media
