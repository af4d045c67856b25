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
    optional({"RateLimit", "What is left of each limit that counts (draft-ietf-httpapi-ratelimit-headers-11)",
              "^\"[a-z-]+\";r=[0-9]+;t=[0-9]+(, \"[a-z-]+\";r=[0-9]+;t=[0-9]+)*$"}),
    optional({"RateLimit-Policy", "Those limits: requests and seconds",
              "^\"[a-z-]+\";q=[0-9]+;w=[0-9]+(, \"[a-z-]+\";q=[0-9]+;w=[0-9]+)*$"}),
    optional({"Vary", "The request fields that the answer depends on"}),
    optional(
        {"Idempotency-Replayed", "The answer is that of an earlier request with this `Idempotency-Key`", "^true$"}),
    optional({"Tus-Resumable", "The version of tus, where the request speaks tus", "^1\\.0\\.0$"}),
    optional({"WWW-Authenticate", "The token of the request is not valid: the answer is that for everybody"}),
};

constexpr std::array json_headers{
    optional({"Content-Encoding", "How the content is compressed, where the request accepts it", "^gzip$"}),
};

constexpr AnswerHeader retry_after{"Retry-After", "Seconds to wait before another try", {}, ValueSchema::Type::integer};
constexpr AnswerHeader www_authenticate{"WWW-Authenticate", "How to authenticate (RFC 6750)", "^Bearer"};
constexpr AnswerHeader allow{"Allow", "The methods that the path has", "^[A-Z]+(, [A-Z]+)*$"};
constexpr AnswerHeader accept_encoding{"Accept-Encoding", "The content codings that a body may have", "^identity$"};
constexpr AnswerHeader tus_version{"Tus-Version", "The versions of tus that the service speaks", "^1\\.0\\.0$"};

/// Adds the field of the problems with one code, which others of the same status do not have.
void add_if(std::span<ErrorCode const> codes, ErrorCode code, AnswerHeader const& field,
            std::vector<AnswerHeader>& headers) {
    if (std::ranges::find(codes, code) == codes.end()) return;
    headers.push_back(codes.size() == 1 ? field : optional(field));
}

}  // namespace

std::span<AnswerHeader const> headers_of_every_answer() noexcept { return every_answer; }

std::span<AnswerHeader const> headers_of_json() noexcept { return json_headers; }

std::vector<AnswerHeader> headers_of_problem(int status, std::span<ErrorCode const> codes) {
    std::vector<AnswerHeader> headers(std::begin(every_answer), std::end(every_answer));
    headers.push_back(answer_header::cache_control);
    headers.push_back(optional(answer_header::upload_complete));
    if (status == 401) headers.push_back(www_authenticate);
    if (status == 403) headers.push_back(optional(www_authenticate));  // of `insufficient_scope`
    if (status == 405) headers.push_back(allow);
    add_if(codes, ErrorCode::tus_version_unsupported, tus_version, headers);
    add_if(codes, ErrorCode::upload_too_large, optional(answer_header::upload_limit), headers);
    add_if(codes, ErrorCode::upload_offset_mismatch, answer_header::upload_offset, headers);
    if (status == 416) {
        headers.push_back(answer_header::content_range);
        headers.push_back(answer_header::accept_ranges);
    }
    if (status == 429 || status == 503) headers.push_back(retry_after);
    add_if(codes, ErrorCode::unsupported_content_coding, accept_encoding, headers);
    return headers;
}

}  // namespace clinikk::http
