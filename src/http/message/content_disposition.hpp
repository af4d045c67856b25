#pragma once

#include <string>
#include <string_view>

/// Content-Disposition of an answer (RFC 6266).
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

}  // namespace clinikk::http
