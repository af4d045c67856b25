#pragma once

#include <optional>
#include <string_view>

#include "base/sha256.hpp"
#include "http/message/request_head.hpp"

namespace clinikk::http {

/// The SHA-256 that a Content-Digest or Repr-Digest field states (RFC 9530 sections 2 and 3):
/// `sha-256=:<base64>:`. Several field lines are one dictionary (RFC 9651 section 4.2). Empty without the field,
/// without that algorithm, or when it is malformed: others such as `sha-512` are not checked.
std::optional<Sha256Digest> stated_sha256(RequestHead const& head, std::string_view field_name);

}  // namespace clinikk::http
