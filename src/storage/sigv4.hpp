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

/// A request to be signed, with nothing encoded yet.
struct SignableRequest {
    std::string method = "GET";
    std::string host{};      ///< as in the Host field, with the port unless it is the scheme's own
    std::string path = "/";  ///< begins with a slash
    Fields query{};
    Fields headers{};  ///< besides Host; names in lower case
};

constexpr std::string_view unsigned_payload = "UNSIGNED-PAYLOAD";

/// Lower-case hexadecimal SHA-256 of the empty payload.
constexpr std::string_view empty_payload_hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Percent-encodes all characters except letters, digits and `-._~`, and `/` if it is to be kept.
std::string uri_encode(std::string_view text, bool keep_slash);

/// `a=1&b=2`, encoded and sorted for the signature.
std::string canonical_query(Fields query);

/// The header fields of the request with those that sign it: `x-amz-date`, `x-amz-content-sha256`, `authorization` and,
/// with temporary credentials, `x-amz-security-token`. `payload_hash` is hexadecimal, or `unsigned_payload`.
Fields sign_headers(SignableRequest const& request, std::string_view payload_hash, AwsCredentials const& credentials,
                    SigningScope const& scope, Timestamp at);

/// The whole query of a presigned URL, which is valid from `at` for `expires` (at most 7 days). The client must send
/// the header fields of the request, besides Host, unchanged.
std::string presign_query(SignableRequest request, AwsCredentials const& credentials, SigningScope const& scope,
                          Timestamp at, std::chrono::seconds expires);

}  // namespace clinikk
