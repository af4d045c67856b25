#pragma once

#include <string_view>

namespace clinikk {

/// What a client's name of a file is without the directories it stood in, on whatever system. Not for other text: in a
/// title a slash is a slash.
constexpr std::string_view without_directories(std::string_view client_file_name) noexcept {
    auto const separator = client_file_name.find_last_of("/\\");
    return client_file_name.substr(separator == std::string_view::npos ? 0 : separator + 1);
}

}  // namespace clinikk
