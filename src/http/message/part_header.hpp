#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace clinikk::http {

/// The header of a part of a form (RFC 7578 section 4). Nothing in it can be trusted.
struct PartHeader {
    std::string name;  ///< UTF-8
    /// The name of the file on the client; UTF-8, invalid bytes are replaced by U+FFFD. It may be a path, empty, or any
    /// text.
    std::optional<std::string> file_name{};
    std::optional<std::string> content_type{};  ///< as sent; no control characters
};

/// Reads the header fields of a part. `block` has its lines without the empty line. Returns what is wrong with them as
/// a constant sentence for the client; empty when nothing is wrong.
std::string_view parse_part_header(std::string_view block, PartHeader& out);

}  // namespace clinikk::http
