#pragma once

#include <string_view>

#include "base/result.hpp"
#include "domain/values.hpp"

namespace clinikk {

/// Returns whether the password is one of those that people choose most often, in upper or lower case. It knows those
/// that a `Password` could be by its length.
bool is_common_password(std::string_view password);

/// Fails with `validation_failed` for the member of the request that has the password, if the password is the e-mail
/// address of its account (`Email::key`), in upper or lower case.
Result<void> refuse_address_as_password(Password const& password, std::string_view email_key, std::string_view member);

}  // namespace clinikk
