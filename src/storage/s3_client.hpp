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

/// S3 said no, said nothing, or said something else. The message has the operation, the key, the status, S3's error
/// code and its request id: it is for the log.
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

/// Whether a multipart upload is refused because there is none with that id: it was completed, or aborted. RADOS
/// Gateway calls it `NoSuchKey` up to Quincy.
inline bool is_lost_upload(Failure const& refused) {
    return refused.code() == "NoSuchUpload" || refused.code() == "NoSuchKey";
}

/// Makes calls: signs them, and tries again, after a random time that grows, what is worth trying again (no answer,
/// 429, 500, 502, 503, 504). All calls of this program may be made twice. Thread-safe.
class Client {
public:
    /// All must outlive it.
    Client(client::HttpClient& http, Address address, AwsCredentialSource& credentials, Clock& clock, Log& log);

    Address const& address() const noexcept { return address_; }

    /// The whole answer, which has a status below 300 and no error in its body. Throws Failure.
    Task<client::HttpAnswer> call(Call call);

    /// The answer with its body to come. Throws Failure.
    Task<std::unique_ptr<client::HttpStream>> open(Call call);

    Task<std::string> presign(Call call, std::chrono::seconds expires);

    Clock const& clock() const noexcept { return clock_; }

    /// What calls are signed with now.
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
