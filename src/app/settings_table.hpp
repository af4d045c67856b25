#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/env_file.hpp"
#include "app/settings.hpp"

namespace clinikk::app {

/// One setting: its name in the environment and in `.env`; its flag is derived from the name (`DATA_DIR`,
/// `--data-dir`).
struct Setting {
    std::string_view name;
    std::string_view help;
    bool is_secret;
    /// Stores the value; throws std::invalid_argument with what the text must be.
    void (*apply)(Settings&, std::string const& text);
    /// The text of a default; empty when the help states the default.
    std::string (*print)(Settings const&);

    /// The value when it is not set, as text.
    std::string fallback() const { return print(Settings{}); }
    /// `--data-dir` for `DATA_DIR`.
    std::string flag() const;
};

/// All settings, in the order the help lists them.
std::span<Setting const> all_settings();

enum class SettingSource { command_line, environment, env_file, fallback };

/// The value of a setting and where it was set.
struct FoundSetting {
    Setting const& setting;
    std::string text;
    SettingSource source;
};

/// All settings, each from the first source that has a text for it.
std::vector<FoundSetting> find_settings(GivenSettings const& given);

}  // namespace clinikk::app
