#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "domain/caller.hpp"
#include "domain/idempotency.hpp"
#include "http/endpoint/request.hpp"
#include "http/endpoint/response.hpp"
#include "http/endpoint/router.hpp"
#include "http/server/answer_cache.hpp"
#include "http/server/request_rate.hpp"

namespace clinikk::http {

/// Finds the account to which a bearer token belongs: an access token or an API key. Fails with `not_authenticated`.
class Authenticator {
public:
    virtual ~Authenticator() = default;
    virtual Task<Result<Caller>> authenticate(std::string_view token) = 0;
};

struct PipelineOptions {
    std::string public_url{};                 ///< without a trailing slash; if empty, each request determines it
    std::vector<std::string> cors_origins{};  ///< `*` for any
    std::uint32_t request_rate = 1000;        ///< requests a second of one caller; zero: any number
};

/// Turns a request into an answer by passing it through a list of stages. The list is in `pipeline.cpp`, with the
/// reason for the place of each stage. There is always an answer, because exceptions end here. Thread-safe.
class Pipeline {
public:
    /// The router, the authenticator and the keys must outlive the pipeline.
    Pipeline(Router const& router, Authenticator& authenticator, IdempotencyKeys& keys,
             AnswerCache::CurrentRevision revision, PipelineOptions options, Log& log);

    /// Gives a request with `X-HTTP-Method-Override: HEAD`, `POST`, `PATCH` or `DELETE` that method, whatever its own
    /// is, if the operation which it then asks for takes that (tus 1.0.0). The answer is still one to its own method:
    /// that to a POST has a body.
    void override_method(RequestHead& head) const;

    Task<Response> handle(Request& request);

    /// The answer to a request whose head was refused, and of which nothing else is known.
    Response refuse(Error const& error, Uuid const& request_id, std::string_view remote_address);

    /// What the stages depend on.
    struct Dependencies {
        Router const& router;
        Authenticator& authenticator;
        IdempotencyKeys& keys;
        AnswerCache answers;
        PipelineOptions options;
        RequestRate rate;
        Log& log;
    };

private:
    Dependencies dependencies_;
};

}  // namespace clinikk::http
