#include "app/settings_as_env.hpp"

#include "app/settings.hpp"

namespace clinikk::app {

std::string settings_as_env() {
    std::string text =
        "# Every setting with its default, as `clinikk-tv settings --env` prints them. Copy this file to .env and "
        "change\n"
        "# there what should differ. A setting without a value is not set.\n";
    for (auto const& setting : all_settings()) {
        text.append("\n# ").append(setting.help).append("\n");
        text.append(setting.name).append("=").append(setting.fallback).append("\n");
    }
    return text;
}

}  // namespace clinikk::app
