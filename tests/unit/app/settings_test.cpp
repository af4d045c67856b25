#include <gtest/gtest.h>

#include <set>

#include "app/setting_values.hpp"
#include "app/settings_table.hpp"

namespace clinikk::app {
namespace {

TEST(SettingsTable, ReadsEachDefaultAsItIsPrinted) {
    Settings const untouched;
    Settings settings;
    for (auto const& setting : all_settings()) {
        EXPECT_NO_THROW(setting.apply(settings, setting.fallback())) << setting.name;
        EXPECT_EQ(setting.print(settings), setting.print(untouched)) << setting.name;
    }
}

TEST(SettingsTable, LeadsToTheDefaultsOfThoseWhoUseThem) {
    Settings settings;
    for (auto const& setting : all_settings()) setting.apply(settings, setting.fallback());
    EXPECT_EQ(settings.server.port, http::ServerOptions{}.port);
    EXPECT_EQ(settings.server.timeouts.idle, http::Timeouts{}.idle);
    EXPECT_EQ(settings.server.max_connections, http::ServerOptions{}.max_connections);
    EXPECT_EQ(settings.database.postgres.max_connections, db::PostgresOptions{}.max_connections);
    EXPECT_EQ(settings.tokens.lifetime, TokenOptions{}.lifetime);
    EXPECT_EQ(settings.uploads.max_size, UploadLimits{}.max_size);
    EXPECT_EQ(settings.direct_uploads.life, DirectUploadOptions{}.life);
    EXPECT_EQ(settings.playback.address_life, PlaybackOptions{}.address_life);
    EXPECT_EQ(settings.storage.client.silence, client::HttpClientOptions{}.silence);
    EXPECT_GE(settings.server.threads, 1U);
}

TEST(SettingsTable, HasOneSettingForEachName) {
    std::set<std::string_view> names;
    std::set<std::string> flags;
    for (auto const& setting : all_settings()) {
        EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
        EXPECT_TRUE(flags.insert(setting.flag()).second) << setting.name;
        EXPECT_FALSE(setting.help.empty()) << setting.name;
    }
    EXPECT_TRUE(flags.contains("--data-dir"));
}

TEST(SettingValues, PrintsSizesInTheLargestUnitThatFits) {
    for (auto const* const text : {"0", "1", "1023", "1KiB", "1025", "1536KiB", "256MiB", "10GiB", "3TiB"}) {
        EXPECT_EQ(print_bytes(bytes(text)), text);
    }
    EXPECT_EQ(print_bytes(bytes("1024MiB")), "1GiB");
}

TEST(SettingValues, PrintsTimesInHoursOrSeconds) {
    for (auto const* const text : {"0s", "1s", "75s", "3599s", "1h", "24h", "3601s"}) {
        EXPECT_EQ(print_duration(duration(text)), text);
    }
    EXPECT_EQ(print_duration(duration("5m")), "300s");
}

}  // namespace
}  // namespace clinikk::app
