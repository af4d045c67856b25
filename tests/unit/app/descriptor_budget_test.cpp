#include "app/descriptor_budget.hpp"

#include <gtest/gtest.h>

#include <string>

namespace clinikk::app {
namespace {

Settings settings_for(std::size_t threads) {
    Settings settings;
    settings.server.threads = threads;
    settings.inspector.concurrency = threads;
    return settings;
}

TEST(DescriptorBudget, LeavesThreeDescriptorsForEachConnection) {
    for (std::size_t const limit : {256U, 1024U, 4096U, 30'000U}) {
        auto const budget = allocate_descriptors(settings_for(2), limit);
        EXPECT_GE(budget.connections, 8U);
        EXPECT_LT(budget.connections * 3 + budget.open_files, limit);
    }
}

TEST(DescriptorBudget, NeverGivesMoreConnectionsThanWereAskedFor) {
    EXPECT_EQ(allocate_descriptors(settings_for(2), 1'048'576).connections, 20'000U);
}

TEST(DescriptorBudget, PutsAsideWhatTheSettingsNeed) {
    auto const small = allocate_descriptors(settings_for(2), 4096);
    EXPECT_LT(allocate_descriptors(settings_for(16), 4096).connections, small.connections);
    auto with_database = settings_for(2);
    with_database.database.url = "postgresql://host/db";
    with_database.database.postgres.max_connections = 500;
    EXPECT_LT(allocate_descriptors(with_database, 4096).connections, small.connections);
    auto with_bucket = settings_for(2);
    with_bucket.storage.s3.bucket = "media";
    with_bucket.storage.upload_memory = std::size_t{1} << 30U;
    EXPECT_LT(allocate_descriptors(with_bucket, 4096).connections, small.connections);
}

TEST(DescriptorBudget, RefusesALimitTooLowToServe) {
    try {
        allocate_descriptors(settings_for(2), 64);
        FAIL() << "64 are enough";
    } catch (SettingError const& wrong) {
        EXPECT_NE(std::string(wrong.what()).find("ulimit -n"), std::string::npos) << wrong.what();
    }
}

}  // namespace
}  // namespace clinikk::app
