#pragma once

#include <span>
#include <string>

#include "app/settings_table.hpp"

namespace clinikk::app {

/// All settings in the form of a `.env` file: each with its default, below a comment that describes it. Using the file
/// unchanged changes nothing. `.env.example` is this text.
std::string settings_as_env();

/// A line for each setting: its value and where it is set. Secrets, and URLs that may contain one, are not shown.
std::string settings_with_sources(std::span<FoundSetting const> found);

}  // namespace clinikk::app
