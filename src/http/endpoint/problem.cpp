#include "http/endpoint/problem.hpp"

#include <boost/describe.hpp>

#include <utility>
#include <vector>

#include "http/endpoint/json_writer.hpp"
#include "http/message/rate_limit.hpp"

namespace clinikk {
BOOST_DESCRIBE_STRUCT(FieldError, (), (detail, pointer))
}

namespace clinikk::http {
namespace {

/// The time after which to try again, for errors that do not state it.
std::chrono::seconds usual_wait(ErrorCode code) noexcept {
    using namespace std::chrono_literals;
    // Another upload of the same account has to end first.
    if (code == ErrorCode::too_many_uploads) return 30s;
    // A database or bucket that is away is tried again about once a second. Clients that all return at once would delay
    // its recovery.
    return 5s;
}

struct Problem {
    std::string type;
    std::string_view title;
    int status;
    std::string_view detail;
    std::string instance;
    std::string_view code;
};
BOOST_DESCRIBE_STRUCT(Problem, (), (type, title, status, detail, instance, code))

}  // namespace

Response problem_response(Error const& error, std::string_view base_url, Uuid const& request_id) {
    auto const& kind = describe(error.code);
    auto type = error.problem_type.empty() ? std::string(base_url) + "/problems/" + std::string(kind.name)
                                           : std::string(error.problem_type);
    Problem const problem{std::move(type), kind.title, kind.status, error.detail, "urn:uuid:" + request_id.to_string(),
                          kind.name};
    std::string body;
    write_json(body, problem);
    if (!error.errors.empty()) {
        body.back() = ',';
        body += R"("errors":)";
        write_json(body, error.errors);
        body += '}';
    }
    for (auto const& [name, value] : error.members) {
        body.back() = ',';
        write_json(body, name);
        body += ':';
        write_json(body, value);
        body += '}';
    }
    auto response = text_response(kind.status, "application/problem+json", std::move(body));
    response.headers.add("Cache-Control", "no-store");
    for (auto const& [name, value] : error.fields) response.headers.add(name, value);
    if (error.quota) add_rate_limit(response.headers, *error.quota);
    if (kind.status == 401 && !response.headers.has("WWW-Authenticate")) {
        response.headers.add("WWW-Authenticate", "Bearer");
    }
    if (kind.status == 503 || kind.status == 429) {
        response.headers.add("Retry-After", std::to_string(error.retry_after.value_or(usual_wait(error.code)).count()));
    }
    return response;
}

}  // namespace clinikk::http
