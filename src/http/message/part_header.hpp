#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace clinikk::http {

/// What a part of a form says about itself (RFC 7578 section 4). Nothing here is to be trusted.
struct PartHeader {
    std::string name;  ///< UTF-8
    /// The name the client's file has; UTF-8, bytes that were not are U+FFFD. May be a path, empty, or hold anything.
    std::optional<std::string> file_name{};
    std::optional<std::string> content_type{};  ///< as sent; no control characters
};

/// Reads the header fields of a part: `block` is its lines, without the empty line. Returns what is wrong with them as
/// a constant sentence for the client, empty when nothing is.
std::string_view parse_part_header(std::string_view block, PartHeader& out);

}  // namespace clinikk::http
