#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace clinikk::app {

/// Settings by name, as they were given.
using GivenSettings = std::map<std::string, std::string, std::less<>>;

/// `KEY=VALUE` lines. A byte order mark, `export` and quotes around the value are taken away; `#` begins a comment at
/// the start of a line, behind a blank, and behind a quoted value. What is none of this is passed over.
GivenSettings parse_env(std::string_view text);

/// The file's settings; none where there is no such file.
GivenSettings read_env_file(std::filesystem::path const& path);

}  // namespace clinikk::app
