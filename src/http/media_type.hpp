#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clinikk::http {

/// A media type with its parameters (RFC 9110 section 8.3.1).
struct MediaType {
    std::string essence;                                          ///< `type/subtype` in lower case
    std::vector<std::pair<std::string, std::string>> parameters;  ///< names, and the value of charset, in lower case

    /// The value of a parameter, by its name in lower case; empty when there is none.
    std::string_view parameter(std::string_view name) const noexcept;

    std::string_view charset() const noexcept { return parameter("charset"); }
};

/// The value of a Content-Type field; empty when it is not valid or gives a parameter twice.
std::optional<MediaType> parse_media_type(std::string_view value);

/// Whether an answer may, and should, be compressed with gzip, by the value of Accept-Encoding (RFC 9110 section
/// 12.5.3): gzip, x-gzip or `*` has a weight above zero, and identity is not explicitly preferred. Without the
/// field, or with one that is malformed, it is false.
bool accepts_gzip(std::string_view accept_encoding) noexcept;

}  // namespace clinikk::http
