#pragma once

#include <memory>

#include "base/task.hpp"
#include "storage/sigv4.hpp"

namespace clinikk {

/// Where credentials come from. Thread-safe.
class AwsCredentialSource {
public:
    virtual ~AwsCredentialSource() = default;

    /// Credentials that are good for some minutes more. Throws Unavailable when there are none to be had.
    virtual Task<AwsCredentials> get() = 0;
};

/// Always these.
std::unique_ptr<AwsCredentialSource> make_static_credentials(AwsCredentials credentials);

}  // namespace clinikk
