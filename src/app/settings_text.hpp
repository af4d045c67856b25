#pragma once

#include <span>
#include <string>

#include "app/settings_table.hpp"

namespace clinikk::app {

/// All settings in the form of a `.env` file: each with its default, and above it a comment that says what it is. The
/// file as it stands changes nothing. `.env.example` is this text.
std::string settings_as_env();

/// A line for each setting: what it is set to and where. No secret is shown, nor a URL that may have one.
std::string settings_with_sources(std::span<FoundSetting const> found);

}  // namespace clinikk::app
