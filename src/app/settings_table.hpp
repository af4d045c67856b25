#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/env_file.hpp"
#include "app/settings.hpp"

namespace clinikk::app {

/// One setting: its name in the environment and in `.env`, from which its flag follows (`DATA_DIR`, `--data-dir`).
struct Setting {
    std::string_view name;
    std::string_view help;
    bool is_secret;
    /// Puts the value in its place; throws std::invalid_argument with what it must be.
    void (*apply)(Settings&, std::string const& text);
    /// The text of a default; empty where the help tells what it is.
    std::string (*print)(Settings const&);

    /// What it is when it is not set, as text.
    std::string fallback() const { return print(Settings{}); }
    /// `--data-dir` for `DATA_DIR`.
    std::string flag() const;
};

/// All settings, in the order the help lists them.
std::span<Setting const> all_settings();

enum class SettingSource { command_line, environment, env_file, fallback };

/// What a setting was set to, and where.
struct FoundSetting {
    Setting const& setting;
    std::string text;
    SettingSource source;
};

/// All settings, each from the first of its sources that has a text for it.
std::vector<FoundSetting> find_settings(GivenSettings const& given);

}  // namespace clinikk::app
