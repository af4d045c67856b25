#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/log.hpp"
#include "client/http_client.hpp"
#include "domain/clock.hpp"
#include "storage/aws_credentials.hpp"
#include "storage/s3_requests.hpp"

namespace clinikk::s3 {

/// S3 refused, did not answer, or gave an answer that cannot be used. The message has the operation, the key, the
/// status, the error code and the request id of S3; it is for the log.
class Failure : public Unavailable {
public:
    Failure(std::string const& what, int status, std::string code)
        : Unavailable(what), status_(status), code_(std::move(code)) {}

    int status() const noexcept { return status_; }             ///< 0: there was no answer
    std::string const& code() const noexcept { return code_; }  ///< `NoSuchKey`; empty when there was none

private:
    int status_;
    std::string code_;
};

/// Returns whether a multipart upload is refused because there is none with that id: it was completed or aborted. RADOS
/// Gateway up to Quincy calls this `NoSuchKey`.
inline bool is_lost_upload(Failure const& refused) {
    return refused.code() == "NoSuchUpload" || refused.code() == "NoSuchKey";
}

/// Makes calls: signs them, and retries them after a random, growing time if a retry may help (no answer, 429, 500,
/// 502, 503, 504). All calls of this program may be made twice. Thread-safe.
class Client {
public:
    /// All arguments must outlive it.
    Client(client::HttpClient& http, Address address, AwsCredentialSource& credentials, Clock& clock, Log& log);

    Address const& address() const noexcept { return address_; }

    /// The whole answer. Its status is below 300, and its body has no error. Throws Failure.
    Task<client::HttpAnswer> call(Call call);

    /// The answer, whose body will follow. Throws Failure.
    Task<std::unique_ptr<client::HttpStream>> open(Call call);

    Task<std::string> presign(Call call, std::chrono::seconds expires);

    Clock const& clock() const noexcept { return clock_; }

    /// The current credentials.
    Task<AwsCredentials> credentials() { return credentials_.get(); }

private:
    struct Outcome;
    Task<Outcome> attempt(Call const& call, bool whole);
    Task<Outcome> persist(Call call, bool whole);

    client::HttpClient& http_;
    Address address_;
    AwsCredentialSource& credentials_;
    Clock& clock_;
    Log& log_;
};

}  // namespace clinikk::s3
