#pragma once

#include <string>
#include <string_view>

#include "storage/s3_client.hpp"

namespace clinikk::s3 {

/// Explains to an operator why a call failed that needs the right `right` (an IAM action such as `s3:PutObject`): one
/// line that names the setting or the right, and then the message of S3.
std::string diagnose(Failure const& failure, std::string_view right);

}  // namespace clinikk::s3
