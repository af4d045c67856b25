#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace clinikk::app {

/// Settings by name, as they were given.
using GivenSettings = std::map<std::string, std::string, std::less<>>;

/// Parses lines of `KEY=VALUE`. A byte order mark, `export` and quotes around the value are removed. `#` begins a
/// comment at the start of a line, after a blank, and after a quoted value. Other lines are skipped.
GivenSettings parse_env(std::string_view text);

/// The settings in the file; none when there is no such file.
GivenSettings read_env_file(std::filesystem::path const& path);

}  // namespace clinikk::app
