#include "http/server/pipeline.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <system_error>

#include "domain/client_network.hpp"
#include "domain/permission.hpp"
#include "http/endpoint/content_coding.hpp"
#include "http/endpoint/endpoint.hpp"
#include "http/endpoint/problem.hpp"
#include "http/message/cors.hpp"
#include "http/message/rate_limit.hpp"
#include "http/message/syntax.hpp"
#include "http/server/access_log.hpp"
#include "http/server/forwarded.hpp"
#include "http/server/idempotency.hpp"

namespace clinikk::http {
namespace {

/// The status in the access log when the client has gone before its answer; nginx uses the same number.
constexpr int client_closed_request = 499;

/// A request on its way through the stages.
struct Exchange {
    Pipeline::Dependencies& dependencies;
    Request& request;
    Router::Match match{};
    std::optional<Revision> revision{};         ///< of the database; the answer may be cached under it
    std::optional<Error> refusal{};             ///< of credentials, which the request needs
    std::optional<Quota> quota{};               ///< of the caller's requests
    std::optional<Result<Response>> outcome{};  ///< set by a stage or by an exception
    std::unique_ptr<RequestBody> held_body{};   ///< of a request with an Idempotency-Key
    std::unique_ptr<IdempotentRun> run{};       ///< of such a request, once it has the key
    bool is_cached = false;                     ///< the answer comes from the cache

    Operation const& operation() const { return request.endpoint->operation; }
    void fail(Error error) { outcome.emplace(std::move(error)); }
    bool has_failed() const { return !outcome->has_value(); }
    Response& response() {
        return **outcome;
    }  ///< call it when the exchange has not failed, or its problem has been written
};

// Stages on the way in.

void find_base_url(Exchange& exchange) {
    auto& request = exchange.request;
    if (auto const& fixed = exchange.dependencies.options.public_url; !fixed.empty()) {
        request.base_url = fixed;
    } else if (request.via_proxy) {
        request.base_url = forwarded_base_url(request.head, request.authority);
    } else {
        request.base_url = "http://" + std::string(request.authority);
    }
}

void find_route(Exchange& exchange) {
    auto& request = exchange.request;
    exchange.match = exchange.dependencies.router.find(request.head.method, request.head);
    request.endpoint = exchange.match.endpoint;
    request.route = exchange.match.pattern;
    request.path_parameters = std::move(exchange.match.parameters);
}

void answer_options(Exchange& exchange) {
    auto const& head = exchange.request.head;
    if (head.method != Method::options) return;
    bool const whole_server = head.target == "*";
    auto const& allow = exchange.match.allow;
    if (allow.empty() && !whole_server) return;
    Response response;
    response.status = 204;
    if (!whole_server) response.headers.add("Allow", allow);
    for (auto const& [name, value] : exchange.match.options) response.headers.add(name, value);
    add_preflight_headers(response.headers, head, allow);
    exchange.outcome.emplace(std::move(response));
}

void require_operation(Exchange& exchange) {
    if (exchange.request.endpoint != nullptr) return;
    if (exchange.request.head.method == Method::other) return exchange.fail(Error(ErrorCode::not_implemented));
    auto const& allow = exchange.match.allow;
    if (allow.empty()) return exchange.fail(Error(ErrorCode::not_found));
    exchange.fail(Error(ErrorCode::method_not_allowed).with("Allow", allow));
}

void refuse_head(Exchange& exchange) {
    auto const refuse = exchange.operation().refuse_head;
    if (refuse == nullptr) return;
    if (auto error = refuse(exchange.request.head)) exchange.fail(std::move(*error));
}

/// The token in `Bearer 1*SP token` (RFC 6750 section 2.1, RFC 9110 section 11.4). Empty when the credentials have
/// another form.
std::string_view bearer_token(std::string_view credentials) noexcept {
    constexpr std::string_view scheme = "Bearer";
    if (!same_ignoring_case(credentials.substr(0, scheme.size()), scheme)) return {};
    credentials.remove_prefix(scheme.size());
    auto const token = credentials.find_first_not_of(' ');
    return token == 0 || token == std::string_view::npos ? std::string_view() : credentials.substr(token);
}

/// An invalid token is distinguished from a missing one (RFC 6750 section 3.1).
constexpr std::string_view invalid_token = R"(Bearer error="invalid_token")";

/// Where an account is not needed, an invalid token counts as none: clients of the proof of concept send expired tokens
/// with everything. The answer says so.
Task<> authenticate(Exchange& exchange) {
    auto& request = exchange.request;
    bool const is_needed = needs_account(exchange.operation().access);
    auto const token = bearer_token(request.head.find("Authorization"));
    if (token.empty()) {
        if (is_needed) exchange.refusal.emplace(ErrorCode::not_authenticated);
        co_return;
    }
    auto caller = co_await exchange.dependencies.authenticator.authenticate(token);
    if (caller) {
        request.caller = std::move(*caller);
        request.caller->origin = origin_of(request);
    } else if (is_needed) {
        exchange.refusal = caller.error().with("WWW-Authenticate", std::string(invalid_token));
    } else {
        request.token_refused = true;
    }
}

bool reads_token(Exchange const& exchange) {
    auto const access = exchange.operation().access;
    return needs_account(access) ||
           (access == Access::optional && !exchange.request.head.find("Authorization").empty());
}

/// Who makes the request: an API key, an account, or, without either, a network.
std::string caller_of(Request const& request) {
    if (!request.caller) return client_network(request.remote_address);
    auto const& credential = request.caller->credential;
    bool const is_key = credential.kind() == Credential::Kind::api_key;
    return (is_key ? credential.id() : request.caller->user.id).to_string();
}

void count_request(Exchange& exchange) {
    auto& rate = exchange.dependencies.rate;
    if (!rate.is_limited() || exchange.operation().is_unmetered) return;
    auto const taken = rate.take(caller_of(exchange.request), exchange.request.started);
    exchange.quota = taken.quota;
    if (!taken.is_allowed) exchange.fail(Error::passing(ErrorCode::rate_limited, taken.quota.reset));
}

void require_credentials(Exchange& exchange) {
    if (exchange.refusal) exchange.fail(std::move(*exchange.refusal));
}

/// The answer to an API key that is not good for the operation (RFC 6750 section 3.1).
Error insufficient_scope(std::optional<Scope> needed) {
    std::string challenge = R"(Bearer error="insufficient_scope")";
    if (needed) challenge.append(R"(, scope=")").append(to_string(*needed)).append("\"");
    return Error(ErrorCode::insufficient_scope).with("WWW-Authenticate", std::move(challenge));
}

bool role_suffices(Access access, Role role) {
    if (access == Access::editor) return may_edit(role);
    return access != Access::admin || may_administer(role);
}

void authorise(Exchange& exchange) {
    auto const& caller = exchange.request.caller;
    if (!caller) return;
    auto const& operation = exchange.operation();
    if (!caller->credential.permits(operation.scope)) return exchange.fail(insufficient_scope(operation.scope));
    if (!role_suffices(operation.access, caller->user.role)) exchange.fail(Error(ErrorCode::forbidden));
}

void refuse_content_coding(Exchange& exchange) {
    if (exchange.operation().body.empty()) return;
    auto const plain = check_content_coding(exchange.request.head);
    if (!plain) exchange.fail(plain.error());
}

void limit_body(Exchange& exchange) {
    auto const& head = exchange.request.head;
    auto const& operation = exchange.operation();
    bool const is_announced = head.framing == BodyFraming::length && !operation.body.empty();
    if (is_announced && head.content_length > operation.body_limit) return exchange.fail(Error(operation.over_limit));
    exchange.request.body.get().limit(operation.body_limit, operation.over_limit);
}

void find_cached_answer(Exchange& exchange) {
    auto& answers = exchange.dependencies.answers;
    if (!exchange.request.endpoint->is_cacheable || exchange.request.caller) return;
    exchange.revision = answers.revision();
    if (!exchange.revision) return;
    auto kept = answers.find(*exchange.revision, exchange.request);
    if (!kept) return;
    exchange.is_cached = true;
    exchange.outcome.emplace(std::move(*kept));
}

/// The answer to a request that was carried out and whose answer was not kept.
Task<> answer_again(Exchange& exchange, LostAnswer lost) {
    auto const& endpoint = *exchange.request.endpoint;
    if (lost.target_id && endpoint.answer_again) {
        auto answer = co_await endpoint.answer_again(exchange.request, *lost.target_id);
        if (answer) {
            answer->headers.add("Idempotency-Replayed", "true");
            exchange.outcome = std::move(answer);
            co_return;
        }
    }
    exchange.fail(Error(ErrorCode::idempotency_answer_lost));
}

Task<> claim_key(Exchange& exchange) {
    auto& request = exchange.request;
    auto const identified = co_await identify_request(request, exchange.held_body);
    if (!identified) co_return exchange.fail(identified.error());
    auto begun = co_await exchange.dependencies.keys.begin(*identified);
    if (!begun) co_return exchange.fail(begun.error());
    if (auto* const kept = std::get_if<KeptAnswer>(&*begun)) {
        exchange.outcome.emplace(give_again(std::move(*kept)));
    } else if (auto const* const lost = std::get_if<LostAnswer>(&*begun)) {
        co_await answer_again(exchange, *lost);
    } else {
        exchange.run = std::move(std::get<std::unique_ptr<IdempotentRun>>(*begun));
        request.caller->origin.is_keyed = true;
        request.body = *exchange.held_body;
    }
}

bool has_key(Exchange const& exchange) { return states_idempotency_key(exchange.request); }

/// Keeps the answer of a request with an Idempotency-Key, or lets go of the key.
Task<> settle_key(Exchange& exchange) {
    auto const& request = exchange.request;
    std::optional<ErrorCode> error;
    if (exchange.has_failed()) error = exchange.outcome->error().code;
    Response problem;
    if (error) problem = problem_response(exchange.outcome->error(), request.base_url, request.id);
    auto const& answer = error ? problem : exchange.response();
    if (is_final(answer, error)) {
        auto kept = keep(answer);
        co_await exchange.run->finish(std::move(kept));
    } else {
        co_await exchange.run->release();
    }
}

Task<> invoke_once(Exchange& exchange) {
    std::exception_ptr breakage;
    try {
        exchange.outcome = co_await exchange.request.endpoint->invoke(exchange.request);
    } catch (...) {
        breakage = std::current_exception();
    }
    if (breakage) {
        co_await exchange.run->release();
        std::rethrow_exception(breakage);
    }
    co_await settle_key(exchange);
}

Task<> invoke(Exchange& exchange) {
    if (exchange.run) co_return co_await invoke_once(exchange);
    exchange.outcome = co_await exchange.request.endpoint->invoke(exchange.request);
}

// Stages on the way out.

void check_listed(Exchange& exchange) {
    if (!exchange.has_failed() || exchange.request.endpoint == nullptr) return;
    auto const& error = exchange.outcome->error();
    auto const listed = listed_errors(*exchange.request.endpoint);
    if (std::ranges::find(listed, error.code) != listed.end()) return;
    exchange.dependencies.log.error(
        "operation.contract_violated",
        {{"operation", exchange.operation().id}, {"code", describe(error.code).name}, {"detail", error.detail}});
    exchange.fail(Error(ErrorCode::internal));
}

void compress_answer(Exchange& exchange) {
    if (!exchange.has_failed() && !exchange.is_cached) compress(exchange.request, exchange.response());
}

void cache_answer(Exchange& exchange) {
    if (!exchange.revision || exchange.is_cached || exchange.has_failed()) return;
    exchange.dependencies.answers.insert(*exchange.revision, exchange.request, exchange.response());
}

/// RFC 9110 section 11.6.1: the field may stand on any answer for which other credentials would matter.
void tell_of_refused_token(Exchange& exchange) {
    if (!exchange.request.token_refused) return;
    if (!exchange.has_failed()) {
        exchange.response().headers.add("WWW-Authenticate", invalid_token);
    } else if (exchange.outcome->error().code == ErrorCode::content_not_found) {
        exchange.fail(Error(ErrorCode::not_authenticated).with("WWW-Authenticate", std::string(invalid_token)));
    }
}

void write_problem(Exchange& exchange) {
    if (!exchange.has_failed()) return;
    auto const& request = exchange.request;
    exchange.outcome = problem_response(exchange.outcome->error(), request.base_url, request.id);
}

void forget_answer(Exchange& exchange) {
    if (!exchange.request.abandoned) return;
    exchange.response() = Response{};
    exchange.response().status = client_closed_request;
}

void add_fixed_fields(Exchange& exchange) {
    if (exchange.request.endpoint == nullptr) return;
    for (auto const& field : exchange.operation().on_every_answer) {
        exchange.response().headers.add(field.name, field.value);
    }
}

void add_request_id(Response& response, Uuid const& id) {
    char text[36];
    format_uuid(id, text);
    response.headers.add("X-Request-Id", {text, sizeof text});
}

void add_security_headers(Response& response) {
    response.headers.add("X-Content-Type-Options", "nosniff");
    response.headers.add("Referrer-Policy", "no-referrer");
    // An answer that is not one of our pages runs nothing and embeds nothing. Handlers may have set a policy of their
    // own.
    if (!response.headers.has("Content-Security-Policy")) {
        response.headers.add("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    }
}

void identify(Exchange& exchange) { add_request_id(exchange.response(), exchange.request.id); }

void tell_rate(Exchange& exchange) {
    if (exchange.quota) add_rate_limit(exchange.response().headers, *exchange.quota);
}

void secure(Exchange& exchange) { add_security_headers(exchange.response()); }

void allow_origins(Exchange& exchange) {
    add_cors_headers(exchange.response().headers, exchange.request.head, exchange.dependencies.options.cors_origins);
}

void log_access(Exchange& exchange) {
    write_access_log(exchange.dependencies.log, exchange.request, exchange.response());
}

/// One stage. It has one of these functions besides `is_needed`.
struct Stage {
    std::string_view name;
    std::string_view reason;                       ///< why it stands at this place
    void (*on_request)(Exchange&) = nullptr;       ///< runs until a stage sets the outcome
    Task<> (*awaits)(Exchange&) = nullptr;         ///< as `on_request`, for a stage that waits
    bool (*is_needed)(Exchange const&) = nullptr;  ///< asked before `awaits`, whose frame costs an allocation
    void (*on_outcome)(Exchange&) = nullptr;       ///< runs unless an exception has set the outcome; may throw
    void (*on_answer)(Exchange&) = nullptr;        ///< always runs, and must not throw
};

constexpr std::array stages{
    Stage{.name = "base URL",
          .reason = "every answer may hold addresses, problems included",
          .on_request = find_base_url},
    Stage{.name = "route", .reason = "everything else depends on the operation", .on_request = find_route},
    Stage{.name = "OPTIONS",
          .reason = "browsers send no credentials with a preflight, so it comes before authentication",
          .on_request = answer_options},
    Stage{.name = "operation",
          .reason = "what does not exist needs no credentials: 404, 405 and 501 come before 401",
          .on_request = require_operation},
    Stage{.name = "head",
          .reason = "a request in another version of a protocol may mean anything, its credentials included",
          .on_request = refuse_head},
    Stage{.name = "authenticate",
          .reason = "a stranger learns nothing about limits, and sends no body",
          .awaits = authenticate,
          .is_needed = reads_token},
    Stage{.name = "request rate",
          .reason = "needs the caller; counts those too whose credentials are refused, and costs nothing to refuse",
          .on_request = count_request},
    Stage{.name = "credentials",
          .reason = "after the count, so that guessed tokens are counted",
          .on_request = require_credentials},
    Stage{.name = "authorise", .reason = "needs the caller; who may not call sends no body", .on_request = authorise},
    Stage{.name = "content coding",
          .reason = "no limit can be applied to a coded body, so it comes before the limits",
          .on_request = refuse_content_coding},
    Stage{.name = "body limit",
          .reason = "before the first read, which makes the client send the body (100 Continue)",
          .on_request = limit_body},
    Stage{.name = "idempotency key",
          .reason = "needs the caller, and the limits since it reads the body; what is done already is not done again",
          .awaits = claim_key,
          .is_needed = has_key},
    Stage{.name = "cached answer",
          .reason = "after authorisation: what is kept is for those without an account",
          .on_request = find_cached_answer},
    Stage{.name = "bind and invoke", .reason = "last on the way in: the handler", .awaits = invoke},

    Stage{.name = "listed errors",
          .reason = "first on the way out: an error that the API document does not list is our defect, and a 500",
          .on_outcome = check_listed},
    Stage{.name = "compress",
          .reason = "before the answer is kept, so that it is compressed once",
          .on_outcome = compress_answer},
    Stage{.name = "cache answer",
          .reason = "before the fields that belong to one request only",
          .on_outcome = cache_answer},
    Stage{.name = "refused token",
          .reason = "after the answer is kept, which has nothing to do with the token",
          .on_outcome = tell_of_refused_token},
    Stage{.name = "problem", .reason = "from here on there is a response", .on_answer = write_problem},
    Stage{.name = "abandoned", .reason = "nobody reads it; the access log still says 499", .on_answer = forget_answer},
    Stage{.name = "fields of the operation",
          .reason = "after the problem is written: refusals have them too",
          .on_answer = add_fixed_fields},
    Stage{.name = "request id", .reason = "on every answer, so that it can be found in the log", .on_answer = identify},
    Stage{.name = "rate limit fields",
          .reason = "on the caller's own answers, after one was kept for everybody",
          .on_answer = tell_rate},
    Stage{.name = "security headers", .reason = "on every answer, problems included", .on_answer = secure},
    Stage{.name = "CORS",
          .reason = "also on problems, which scripts of an allowed origin have to read",
          .on_answer = allow_origins},
    Stage{.name = "access log", .reason = "last, so that it tells what is sent", .on_answer = log_access},
};

constexpr int turn(Stage const& stage) {
    if (stage.on_answer != nullptr) return 2;
    return stage.on_outcome != nullptr ? 1 : 0;
}
static_assert(std::ranges::is_sorted(stages, {}, turn), "the list is in the order in which stages run");

/// Returns whether the process or the system has run out of descriptors, which passes.
bool is_lack_of_descriptors(std::error_code const& code) noexcept {
    return code == std::errc::too_many_files_open || code == std::errc::too_many_files_open_in_system;
}

/// Converts an exception to an error. When the client has gone, the exception is a consequence of that and is not
/// logged.
void fail_with(Exchange& exchange, ErrorCode code, std::exception const& failure) {
    auto const& request = exchange.request;
    exchange.fail(Error(code));
    if (request.abandoned) return;
    exchange.dependencies.log.error(code == ErrorCode::unavailable ? "dependency.failed" : "request.failed",
                                    {{"request", request.id.to_string()}, {"error", failure.what()}});
}

Task<> pass_in(Exchange& exchange) {
    for (auto const& stage : stages) {
        if (stage.on_request != nullptr) stage.on_request(exchange);
        if (stage.awaits != nullptr && (stage.is_needed == nullptr || stage.is_needed(exchange))) {
            co_await stage.awaits(exchange);
        }
        if (exchange.outcome) co_return;
    }
}

void pass_out(Exchange& exchange, void (*Stage::*function)(Exchange&)) {
    for (auto const& stage : stages) {
        if (stage.*function != nullptr) (stage.*function)(exchange);
    }
}

}  // namespace

Pipeline::Pipeline(Router const& router, Authenticator& authenticator, IdempotencyKeys& keys,
                   AnswerCache::CurrentRevision revision, PipelineOptions options, Log& log)
    : dependencies_{
          router, authenticator, keys, AnswerCache(std::move(revision)), options, RequestRate(options.request_rate),
          log} {}

void Pipeline::override_method(RequestHead& head) const {
    if (head.method == Method::options) return;
    auto const method = parse_method(head.find_only("X-HTTP-Method-Override"));
    constexpr std::array overriding{Method::head, Method::post, Method::patch, Method::del};
    if (std::ranges::find(overriding, method) == overriding.end()) return;
    auto const match = dependencies_.router.find(method, head);
    if (match.endpoint == nullptr || !match.endpoint->operation.takes_method_override) return;
    head.method = method;
    head.method_name = to_string(method);
}

Task<Response> Pipeline::handle(Request& request) {
    Exchange exchange{dependencies_, request};
    try {
        co_await pass_in(exchange);
        pass_out(exchange, &Stage::on_outcome);
    } catch (Unavailable const& failure) {
        fail_with(exchange, ErrorCode::unavailable, failure);
    } catch (std::system_error const& failure) {
        auto const code = is_lack_of_descriptors(failure.code()) ? ErrorCode::unavailable : ErrorCode::internal;
        fail_with(exchange, code, failure);
    } catch (std::exception const& failure) {
        fail_with(exchange, ErrorCode::internal, failure);
    }
    pass_out(exchange, &Stage::on_answer);
    co_return std::move(exchange.response());
}

Response Pipeline::refuse(Error const& error, Uuid const& request_id, std::string_view remote_address) {
    dependencies_.log.info("request.refused", {{"request", request_id.to_string()},
                                               {"code", describe(error.code).name},
                                               {"detail", error.detail},
                                               {"client", remote_address}});
    auto response = problem_response(error, dependencies_.options.public_url, request_id);
    add_request_id(response, request_id);
    add_security_headers(response);
    response.close = true;
    return response;
}

}  // namespace clinikk::http
