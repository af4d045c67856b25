#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Content-Disposition (RFC 6266).
namespace clinikk::http {

/// Makes a file name that is safe to use from any text: without control, bidirectional-control and other invisible
/// characters, with `/\<>:"|?*` replaced by `_`, without dots or spaces at the ends, of at most 120 code points (an
/// extension of up to 10 is kept). Never empty: `download` is used then. UTF-8; invalid bytes are dropped.
std::string safe_file_name(std::string_view text);

/// `attachment; filename="…"` with the `safe_file_name` of the name. If that is not plain ASCII, `filename` has an
/// approximation and `filename*=UTF-8''…` (RFC 8187), which clients prefer, follows.
std::string attachment_header(std::string_view utf8_name);

/// The same with `inline`: the file is shown, and saved under that name. Without a name it is `inline` alone, and
/// clients make a name from the address.
std::string inline_header(std::string_view utf8_name);

/// The file name that the Content-Disposition of a message states: `filename*`, which counts before `filename` (RFC
/// 6266 section 4.3), or that. Nothing in it can be trusted. UTF-8; invalid bytes are replaced by U+FFFD. Empty without
/// a name, or when the field is malformed.
std::string stated_file_name(std::string_view field);

/// Decodes `UTF-8''percent%20encoded` (RFC 8187 section 3.2.1). Empty for anything else.
std::optional<std::string> decode_extended_value(std::string_view value);

}  // namespace clinikk::http
