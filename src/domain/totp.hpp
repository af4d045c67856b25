#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

/// Time-based one-time passwords (RFC 6238): HMAC-SHA-1, steps of 30 seconds, codes of 6 digits, which is what every
/// authenticator understands.
namespace clinikk {

/// The number of the time step that `at` is in.
std::int64_t totp_step(Timestamp at);

/// The code of a step (RFC 4226 section 5.3). `secret` is bytes.
std::string totp_code(std::string_view secret, std::int64_t step);

/// The step to which the code belongs: that of `at`, or the one before or after it, as clocks differ (RFC 6238 section
/// 5.2). Only steps after `last_step` count, so that no code is accepted twice.
std::optional<std::int64_t> match_totp(std::string_view secret, std::string_view code, Timestamp at,
                                       std::int64_t last_step);

/// The address that authenticators take as a QR code. `secret` is in base32.
std::string totp_address(std::string_view issuer, std::string_view account, std::string_view secret);

}  // namespace clinikk
