#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/async/task.hpp"
#include "client/http_client.hpp"
#include "domain/clock.hpp"
#include "storage/sigv4.hpp"

namespace clinikk {

/// A source of credentials. Thread-safe.
class AwsCredentialSource {
public:
    virtual ~AwsCredentialSource() = default;

    /// Credentials that are valid for some more minutes. Throws Unavailable when there are none.
    virtual Task<AwsCredentials> get() = 0;
};

/// A source that always returns these credentials.
std::unique_ptr<AwsCredentialSource> make_static_credentials(AwsCredentials credentials);

/// The keys of a profile in a credentials file (`~/.aws/credentials`; AWS SDKs reference guide, "Configuration and
/// credential file settings"). Empty when the text has no such profile, or the profile lacks one of the keys.
std::optional<AwsCredentials> parse_profile(std::string_view text, std::string_view profile);

/// Where to ask for temporary credentials.
struct MetadataOptions {
    std::string container_url{};         ///< of the agent of the container; empty: ask the instance
    std::string container_token{};       ///< sent to the agent as Authorization
    std::filesystem::path token_file{};  ///< or read from this file each time
    std::string instance_url{};          ///< of the metadata service of the instance (IMDSv2)
};

/// A source of temporary credentials for the role of the container or the instance. It asks for new ones five minutes
/// before the old ones expire. `http` and `clock` must outlive it.
std::unique_ptr<AwsCredentialSource> make_metadata_credentials(MetadataOptions options, client::HttpClient& http,
                                                               Clock& clock);

}  // namespace clinikk
