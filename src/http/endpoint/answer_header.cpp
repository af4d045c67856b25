#include "http/endpoint/answer_header.hpp"

#include <algorithm>
#include <array>

namespace clinikk::http {
namespace {

constexpr std::array every_answer{
    AnswerHeader{"X-Request-Id", "The id of the request, as the log has it",
                 "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
    AnswerHeader{"X-Content-Type-Options", "The media type is not to be guessed", "^nosniff$"},
    AnswerHeader{"Referrer-Policy", "Links tell no address of this service", "^no-referrer$"},
    AnswerHeader{"Content-Security-Policy", "The answer runs nothing and embeds nothing", "default-src 'none'"},
    optional({"Access-Control-Allow-Origin", "The origin whose scripts may read the answer (`CORS_ORIGINS`)"}),
    optional({"Access-Control-Expose-Headers", "What those scripts may read of the header"}),
    optional({"Vary", "The request fields that the answer depends on"}),
    optional({"WWW-Authenticate", "The token of the request is not valid: the answer is that for everybody"}),
};

constexpr std::array json{
    optional({"Content-Encoding", "How the content is compressed, where the request accepts it", "^gzip$"}),
};

constexpr AnswerHeader retry_after{"Retry-After", "Seconds to wait before another try", {}, ValueSchema::Type::integer};
constexpr AnswerHeader www_authenticate{"WWW-Authenticate", "How to authenticate (RFC 6750)", "^Bearer"};
constexpr AnswerHeader allow{"Allow", "The methods that the path has", "^[A-Z]+(, [A-Z]+)*$"};
constexpr AnswerHeader accept_encoding{"Accept-Encoding", "The content codings that a body may have", "^identity$"};

}  // namespace

std::span<AnswerHeader const> headers_of_every_answer() noexcept { return every_answer; }

std::span<AnswerHeader const> headers_of_json() noexcept { return json; }

std::vector<AnswerHeader> headers_of_problem(int status, std::span<ErrorCode const> codes) {
    std::vector<AnswerHeader> headers(std::begin(every_answer), std::end(every_answer));
    headers.push_back(answer_header::cache_control);
    if (status == 401) headers.push_back(www_authenticate);
    if (status == 403) headers.push_back(optional(www_authenticate));  // of `insufficient_scope`
    if (status == 405) headers.push_back(allow);
    if (status == 416) {
        headers.push_back(answer_header::content_range);
        headers.push_back(answer_header::accept_ranges);
    }
    if (status == 429 || status == 503) headers.push_back(retry_after);
    if (std::ranges::find(codes, ErrorCode::unsupported_content_coding) != codes.end()) {
        headers.push_back(codes.size() == 1 ? accept_encoding : optional(accept_encoding));
    }
    return headers;
}

}  // namespace clinikk::http
