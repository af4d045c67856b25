#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "app/system_clock.hpp"
#include "base/async/blocking_pool.hpp"
#include "storage/local_object_store.hpp"
#include "support/temporary_directory.hpp"

namespace clinikk::testing {

constexpr std::uint64_t no_limit = 1ULL << 40;

/// A local store in a directory of its own, once it is opened.
class LocalStoreFixture : public ::testing::Test {
protected:
    void open(std::uint64_t reserve = 0) {
        pool_ = std::make_unique<BlockingPool>(2);
        store_ = open_local_object_store({root_, temporary_, reserve}, clock_, *pool_, log_);
    }

    bool temporary_is_empty() const { return std::filesystem::is_empty(temporary_); }

    app::SystemClock clock_;
    Log log_{LogLevel::error, LogFormat::text};
    TemporaryDirectory owner_;
    std::filesystem::path directory_ = owner_.path();
    std::filesystem::path root_ = directory_ / "objects";
    std::filesystem::path temporary_ = directory_ / "temporary";
    std::unique_ptr<BlockingPool> pool_;
    std::unique_ptr<LocalObjectStore> store_;
};

}  // namespace clinikk::testing
