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

/// Where credentials come from. Thread-safe.
class AwsCredentialSource {
public:
    virtual ~AwsCredentialSource() = default;

    /// Credentials that are good for some minutes more. Throws Unavailable when there are none to be had.
    virtual Task<AwsCredentials> get() = 0;
};

/// Always these.
std::unique_ptr<AwsCredentialSource> make_static_credentials(AwsCredentials credentials);

/// The keys of a profile in a credentials file (`~/.aws/credentials`, "Configuration and credential file settings" of
/// the AWS SDKs reference guide); empty when the text has no such profile, or not both keys in it.
std::optional<AwsCredentials> parse_profile(std::string_view text, std::string_view profile);

/// Where temporary credentials are asked for.
struct MetadataOptions {
    std::string container_url{};         ///< of the container's agent; empty: the instance is asked
    std::string container_token{};       ///< sent to that as Authorization
    std::filesystem::path token_file{};  ///< or read from here each time
    std::string instance_url{};          ///< of the instance's metadata service (IMDSv2)
};

/// Temporary credentials of the container's or the instance's role, asked for anew five minutes before they expire.
/// `http` and `clock` must outlive it.
std::unique_ptr<AwsCredentialSource> make_metadata_credentials(MetadataOptions options, client::HttpClient& http,
                                                               Clock& clock);

}  // namespace clinikk
