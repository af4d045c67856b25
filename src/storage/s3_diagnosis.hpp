#pragma once

#include <string>
#include <string_view>

#include "storage/s3_client.hpp"

namespace clinikk::s3 {

/// What is wrong, for an operator, when a call failed that needs the right `right` (an IAM action, `s3:PutObject`): one
/// line that names the setting or the right, and then what S3 said.
std::string diagnose(Failure const& failure, std::string_view right);

}  // namespace clinikk::s3
