#include "storage/s3_client.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <array>

#include "base/backoff.hpp"
#include "storage/s3_answers.hpp"

namespace clinikk::s3 {
namespace {

constexpr int max_attempts = 4;
constexpr std::chrono::milliseconds first_pause{200};
constexpr std::chrono::milliseconds longest_pause{800};
/// A page of 1000 keys has about 400 KiB.
constexpr std::size_t max_answer_bytes = 4UL * 1024 * 1024;

bool is_transient(int status, std::string_view code) {
    constexpr std::array statuses{429, 500, 502, 503, 504};
    constexpr std::array<std::string_view, 5> codes{"InternalError", "SlowDown", "ServiceUnavailable", "RequestTimeout",
                                                    "Throttling"};
    return std::ranges::find(statuses, status) != statuses.end() || std::ranges::find(codes, code) != codes.end();
}

std::string describe_call(Call const& call) {
    return "S3 " + std::string(call.operation) + (call.key.empty() ? "" : ' ' + call.key);
}

Failure no_answer(Call const& call, std::string_view why) {
    return {describe_call(call) + ": no answer: " + std::string(why), 0, ""};
}

Failure refusal(Call const& call, client::HttpHead const& head, std::string_view body) {
    auto const error = parse_error(body);
    auto text = describe_call(call) + ": status " + std::to_string(head.status);
    if (error) text += ' ' + error->code + (error->message.empty() ? "" : " (" + error->message + ')');
    auto const request_id = head.find("x-amz-request-id");
    if (!request_id.empty()) text.append(", request id ").append(request_id);
    return {text, head.status, error ? error->code : ""};
}

Task<std::string> read_whole(client::HttpStream& stream) {
    std::string body, piece;
    while (true) {
        co_await stream.next(piece);
        if (piece.empty()) co_return body;
        if (body.size() + piece.size() > max_answer_bytes) {
            throw client::TransferError("the answer has no end", false);
        }
        body += piece;
    }
}

}  // namespace

struct Client::Outcome {
    std::unique_ptr<client::HttpStream> stream{};
    std::string body{};
    std::optional<Failure> failure{};
    bool is_transient = false;
};

Client::Client(client::HttpClient& http, Address address, AwsCredentialSource& credentials, Clock& clock, Log& log)
    : http_(http), address_(std::move(address)), credentials_(credentials), clock_(clock), log_(log) {}

Task<client::HttpAnswer> Client::call(Call call) {
    auto outcome = co_await persist(std::move(call), true);
    co_return client::HttpAnswer{outcome.stream->head(), std::move(outcome.body)};
}

Task<std::unique_ptr<client::HttpStream>> Client::open(Call call) {
    auto outcome = co_await persist(std::move(call), false);
    co_return std::move(outcome.stream);
}

Task<std::string> Client::presign(Call call, std::chrono::seconds expires) {
    auto const credentials = co_await credentials_.get();
    co_return address_.presign(call, credentials, clock_.now(), expires);
}

Task<Client::Outcome> Client::persist(Call call, bool whole) {
    Backoff backoff(first_pause, longest_pause);
    for (int number = 1;; ++number) {
        auto outcome = co_await attempt(call, whole);
        if (!outcome.failure) co_return outcome;
        if (!outcome.is_transient || number == max_attempts) throw Failure(*outcome.failure);
        log_.warning("s3.call_retried", {{"attempt", number}, {"error", outcome.failure->what()}});
        auto const timer = clock_.make_timer(co_await boost::asio::this_coro::executor);
        co_await timer->wait(backoff.next());
    }
}

Task<Client::Outcome> Client::attempt(Call const& call, bool whole) {
    Outcome outcome;
    try {
        auto const credentials = co_await credentials_.get();
        outcome.stream = co_await http_.open(address_.sign(call, credentials, clock_.now()));
        auto const& head = outcome.stream->head();
        bool const is_good = head.status >= 200 && head.status < 300;
        if (is_good && !whole) co_return outcome;
        outcome.body = co_await read_whole(*outcome.stream);
        // Some operations answer 200 before they have finished, and report a failure in the body.
        auto const error = parse_error(outcome.body);
        if (is_good && !error) co_return outcome;
        outcome.failure = refusal(call, head, outcome.body);
        outcome.is_transient = is_transient(head.status, outcome.failure->code());
    } catch (client::TransferError const& broken) {
        outcome.failure = no_answer(call, broken.what());
        outcome.is_transient = true;
    }
    co_return outcome;
}

}  // namespace clinikk::s3
