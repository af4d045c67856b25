#pragma once

#include <string>
#include <string_view>

/// Content-Disposition of an answer (RFC 6266).
namespace clinikk::http {

/// What a client's name of a file is without the directories it stood in, on whatever system. Not for other text: in a
/// title a slash is a slash.
std::string_view without_directories(std::string_view client_file_name) noexcept;

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
