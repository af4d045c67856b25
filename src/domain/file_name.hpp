#pragma once

#include <string_view>

namespace clinikk {

/// Removes the directories from a file name that a client sent, whatever its system. Do not use it for other text: in a
/// title a slash is a slash.
constexpr std::string_view without_directories(std::string_view client_file_name) noexcept {
    auto const separator = client_file_name.find_last_of("/\\");
    return client_file_name.substr(separator == std::string_view::npos ? 0 : separator + 1);
}

}  // namespace clinikk
