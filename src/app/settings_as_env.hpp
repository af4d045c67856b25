#pragma once

#include <string>

namespace clinikk::app {

/// All settings in the form of a `.env` file: each with its default, and above it a comment that says what it is. The
/// file as it stands changes nothing. `.env.example` is this text.
std::string settings_as_env();

}  // namespace clinikk::app
