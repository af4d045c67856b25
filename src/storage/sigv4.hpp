#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"

/// AWS Signature Version 4 ("Signature Version 4 signing process", "Authenticating Requests" of the S3 reference).
/// No I/O: the time is a parameter.
namespace clinikk {

/// Names and values.
using Fields = std::vector<std::pair<std::string, std::string>>;

struct AwsCredentials {
    std::string access_key_id{};
    std::string secret_access_key{};
    std::string session_token{};            ///< of temporary credentials; else empty
    std::optional<Timestamp> expires_at{};  ///< of temporary credentials, where it is known
};

/// What a signature is made for.
struct SigningScope {
    std::string region;
    std::string service = "s3";
};

/// A request as it is signed: nothing in it is encoded yet.
struct SignableRequest {
    std::string method = "GET";
    std::string host{};      ///< as in the Host field, with the port unless it is the scheme's own
    std::string path = "/";  ///< begins with a slash
    Fields query{};
    Fields headers{};  ///< beside Host; names in lower case
};

constexpr std::string_view unsigned_payload = "UNSIGNED-PAYLOAD";

/// Lower-case hexadecimal SHA-256 of the empty payload.
constexpr std::string_view empty_payload_hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Percent-encodes all but letters, digits and `-._~`, and `/` where it is to be kept.
std::string uri_encode(std::string_view text, bool keep_slash);

/// `a=1&b=2`, encoded and sorted as the signature needs it.
std::string canonical_query(Fields query);

/// The request's header fields with those that sign it: `x-amz-date`, `x-amz-content-sha256`, `authorization` and, with
/// temporary credentials, `x-amz-security-token`. `payload_hash` is hexadecimal, or `unsigned_payload`.
Fields sign_headers(SignableRequest const& request, std::string_view payload_hash, AwsCredentials const& credentials,
                    SigningScope const& scope, Timestamp at);

/// The whole query of a presigned URL, which is good from `at` for `expires` (at most 7 days). The client has to send
/// the request's headers, beside Host, as they are here.
std::string presign_query(SignableRequest request, AwsCredentials const& credentials, SigningScope const& scope,
                          Timestamp at, std::chrono::seconds expires);

}  // namespace clinikk
