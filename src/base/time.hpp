#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace clinikk {

/// A moment in UTC, in whole microseconds: what PostgreSQL's timestamptz holds too.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// The wall clock.
Timestamp now();

/// RFC 3339 in UTC with microseconds: `2026-03-01T12:00:00.123456Z`.
std::string format_rfc3339(Timestamp time);

/// A date-time of RFC 3339 section 5.6, to the microsecond, or a full-date, which means its beginning in UTC. Empty
/// when it is neither, or names a day or a time that does not exist. A leap second is the second after it.
std::optional<Timestamp> parse_rfc3339(std::string_view text);

/// IMF-fixdate, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7). Fractions of a second are cut off.
std::string format_http_date(Timestamp time);

/// Any of the three forms of RFC 9110 section 5.6.7; empty when it is none of them.
std::optional<Timestamp> parse_http_date(std::string_view text);

}  // namespace clinikk
