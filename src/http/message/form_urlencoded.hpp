#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace clinikk::http {

/// Names and values of an `application/x-www-form-urlencoded` body or a query string, decoded, in their order (WHATWG
/// URL section 5.1): `+` is a space, empty pairs are skipped, a name without `=` has an empty value. Stricter than
/// that standard: `bad_request` for a broken escape, NUL, text that is not UTF-8, or more than 1000 pairs.
Result<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view text);

}  // namespace clinikk::http
