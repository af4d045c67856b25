#pragma once

#include <string>
#include <string_view>

namespace clinikk::http {

/// The bytes in the gzip format (RFC 1952), the same for the same input. `level` is zlib's, 1 (fast) to 9 (small);
/// the default is about as small as level 6 gets JSON, in half the time.
std::string gzip(std::string_view bytes, int level = 4);

/// Unpacks bytes that `gzip` made. Throws std::runtime_error when they are damaged.
std::string gunzip(std::string_view bytes);

}  // namespace clinikk::http
