#include "app/settings_text.hpp"

namespace clinikk::app {
namespace {

std::string_view to_string(SettingSource source) {
    switch (source) {
        case SettingSource::command_line: return "command line";
        case SettingSource::environment: return "environment";
        case SettingSource::env_file: return ".env";
        case SettingSource::fallback: return "default";
    }
    return "";
}

}  // namespace

std::string settings_as_env() {
    std::string text =
        "# Every setting with its default, as `clinikk-tv settings --env` prints them. Copy this file to .env and "
        "change\n"
        "# there what should differ. A setting without a value is not set.\n";
    for (auto const& setting : all_settings()) {
        text.append("\n# ").append(setting.help).append("\n");
        text.append(setting.name).append("=").append(setting.fallback()).append("\n");
    }
    return text;
}

std::string settings_with_sources(std::span<FoundSetting const> found) {
    std::string text;
    for (auto const& [setting, value, source] : found) {
        bool const is_hidden = setting.is_secret && !value.empty();
        text.append(setting.name).append("=").append(is_hidden ? "(not shown)" : value);
        text.append("  # ").append(to_string(source)).append("\n");
    }
    return text;
}

}  // namespace clinikk::app
