#pragma once

#include <string>
#include <string_view>

/// Content-Disposition of an answer (RFC 6266).
namespace clinikk::http {

/// A name that is safe to save a file under, from text that came from anywhere: without control, bidirectional-control
/// and other invisible characters, `/\<>:"|?*` made `_`, no dots or spaces at the ends, at most 120 code points (an
/// ending of up to 10 is kept). Never empty: `download` then. UTF-8; bytes that are not are dropped.
std::string safe_file_name(std::string_view text);

/// `attachment; filename="…"` with the `safe_file_name` of the name. When that is not plain ASCII, an approximation of
/// it and behind that `filename*=UTF-8''…` (RFC 8187), which clients prefer.
std::string attachment_header(std::string_view utf8_name);

/// The same as `inline`: to be shown, and saved under that name. Without a name `inline` alone, and clients make one of
/// the address.
std::string inline_header(std::string_view utf8_name);

}  // namespace clinikk::http
