// Answers whose length nobody knows beforehand, which no operation of today's API gives, and what handlers do while a
// body arrives: interim answers, interruption, trailers.
#include "http/server/connection.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "http/endpoint/endpoint_table.hpp"
#include "unit/http/server/no_keys.hpp"

namespace clinikk::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

struct Nothing {};

/// Three pieces; the last one fails if `breaks`.
class ThreePieces : public ByteSource {
public:
    explicit ThreePieces(bool breaks) : breaks_(breaks) {}

    Task<Result<std::string_view>> next() override {
        static constexpr std::array<std::string_view, 3> pieces{"first ", "second ", "a third, longer one"};
        if (given_ == pieces.size()) co_return std::string_view{};
        if (breaks_ && given_ == pieces.size() - 1) co_return Error(ErrorCode::source_unavailable);
        co_return pieces.at(given_++);
    }

private:
    bool breaks_;
    std::size_t given_ = 0;
};

Response open_ended(bool breaks) {
    Response response;
    response.headers.add("Content-Type", "text/plain");
    response.body = std::make_unique<ThreePieces>(breaks);
    return response;
}

Task<Result<Response>> get_pieces(Nothing&, Request&, NoInput) { co_return open_ended(false); }
Task<Result<Response>> get_broken(Nothing&, Request&, NoInput) { co_return open_ended(true); }

constexpr std::array<std::string_view, 1> any_type{"*/*"};

struct FileInput {
    RawBody<any_type> body;
};
BOOST_DESCRIBE_STRUCT(FileInput, (), (body))

Response text(std::string body) { return text_response(200, "text/plain", std::move(body)); }

/// Tells of its progress before the body and after each piece, and answers with the trailer.
Task<Result<Response>> put_file(Nothing&, Request& request, FileInput input) {
    HeaderBlock location;
    location.add("Location", "/files/1");
    co_await request.send_interim(104, location);
    std::uint64_t offset = 0;
    while (true) {
        auto const piece = co_await input.body->next();
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
        offset += piece->size();
        HeaderBlock progress;
        progress.add("Upload-Offset", std::to_string(offset));
        co_await request.send_interim(104, progress);
    }
    co_return text(std::string(input.body->trailer("Upload-Checksum")));
}

/// Interrupts its body, while it waits for more of it or before it asks for it.
Task<Result<Response>> interrupt_file(Nothing&, Request& request, FileInput input) {
    bool const waits = request.head.query == "waits";
    auto& body = *input.body;
    if (waits) {
        auto const first = co_await body.next();
        EXPECT_TRUE(first && *first == "begin");
        boost::asio::post(co_await boost::asio::this_coro::executor, [&body] { body.interrupt(); });
    } else {
        body.interrupt();
    }
    for (int i = 0; i < 2; ++i) {
        auto const piece = co_await body.next();
        EXPECT_FALSE(piece) << "an interrupted body has no end";
        if (!piece) EXPECT_EQ(piece.error().code, ErrorCode::upload_interrupted);
    }
    co_return text("interrupted");
}

Task<Result<Response>> interrupt_late(Nothing&, Request&, FileInput input) {
    auto const all = co_await input.body->next();
    if (!all) co_return all.error();
    std::string const kept(*all);
    input.body->interrupt();
    auto const end = co_await input.body->next();
    co_return text(end && end->empty() ? kept : "interrupted");
}

Task<Result<Response>> see_method(Nothing&, Request& request, NoInput) {
    co_return text("as " + std::string(request.head.method_name));
}

class Nobody : public Authenticator {
public:
    Task<Result<Caller>> authenticate(std::string_view) override { co_return Error(ErrorCode::not_authenticated); }
};

class ConnectionTest : public ::testing::Test {
protected:
    ConnectionTest() {
        Routes<Nothing> routes(table_, &nothing_, 1);
        routes.add<get_pieces>({.path = "/pieces"});
        routes.add<get_broken>({.path = "/broken"});
        routes.add<put_file>({.method = Method::put, .path = "/file"});
        routes.add<interrupt_file>({.method = Method::put, .path = "/interrupted"});
        routes.add<interrupt_late>({.method = Method::put, .path = "/late"});
        routes.add<see_method>({.method = Method::head, .path = "/method", .takes_method_override = true});
        router_.emplace(table_);
        pipeline_.emplace(*router_, nobody_, keys_, [] { return std::optional<Revision>{}; }, PipelineOptions{}, log_);
    }

    /// Everything that the server sends to a client that writes these requests and then closes its side, or does not.
    std::string answers_to(std::string_view requests, bool closes = true) {
        asio::io_context loop;
        tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), 0});
        tcp::socket client(loop);
        client.connect(acceptor.local_endpoint());
        ConnectionContext const context{*pipeline_, timeouts_, limits_, ids_, scratch_, clock_, proxies_, draining_};
        {
            Connection connection(acceptor.accept(), context);
            asio::write(client, asio::buffer(requests));
            if (closes) client.shutdown(tcp::socket::shutdown_send);
            auto served = asio::co_spawn(loop, connection.serve(), asio::use_future);
            if (!closes) {
                // A client that is told that the connection ends ends it too.
                asio::async_read(client, asio::dynamic_buffer(answers_), [&](auto...) { client.close(); });
            }
            loop.run();
            served.get();
        }
        if (!closes) return std::exchange(answers_, {});
        std::string answers;
        boost::system::error_code end;
        asio::read(client, asio::dynamic_buffer(answers), end);
        EXPECT_EQ(end, asio::error::eof);
        return answers;
    }

    static std::size_t count(std::string_view text, std::string_view part) {
        std::size_t times = 0;
        for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++times;
        return times;
    }

    static std::string_view body(std::string_view answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

    std::string answers_;
    Nothing nothing_;
    Nobody nobody_;
    NoKeys keys_;
    Log log_{LogLevel::error, LogFormat::text};
    EndpointTable table_;
    std::optional<Router> router_;
    std::optional<Pipeline> pipeline_;
    Timeouts timeouts_;
    HeadLimits limits_;
    UuidSource ids_;
    std::array<char, 64 * 1024> scratch_{};
    HttpClock clock_;
    Networks proxies_;
    bool draining_ = false;
};

TEST_F(ConnectionTest, SendsChunksWhereTheLengthIsNotKnown) {
    std::string const request = "GET /pieces HTTP/1.1\r\nHost: a\r\n\r\n";
    auto const answer = answers_to(request);
    EXPECT_NE(answer.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
    EXPECT_EQ(answer.find("Content-Length"), std::string::npos);
    EXPECT_EQ(body(answer), "6\r\nfirst \r\n7\r\nsecond \r\n13\r\na third, longer one\r\n0\r\n\r\n");
    EXPECT_EQ(count(answers_to(request + request), "HTTP/1.1 200 OK"), 2U) << "the chunks end the first answer";
}

/// RFC 9112 section 6.3: where there are no chunks, the end of the connection ends the answer.
TEST_F(ConnectionTest, EndsTheConnectionBehindAnOpenEndedAnswerToHttp10) {
    for (std::string const fields : {"", "Connection: keep-alive\r\n"}) {
        auto const request = "GET /pieces HTTP/1.0\r\nHost: a\r\n" + fields + "\r\n";
        auto const answer = answers_to(request + request);
        EXPECT_EQ(count(answer, "HTTP/1.1 200 OK"), 1U) << "a second answer would belong to the first";
        EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
        EXPECT_EQ(answer.find("Transfer-Encoding"), std::string::npos);
        EXPECT_EQ(answer.find("Content-Length"), std::string::npos);
        EXPECT_EQ(body(answer), "first second a third, longer one");
    }
}

TEST_F(ConnectionTest, LeavesOutTheEndOfABodyThatBreaksOff) {
    std::string const request = "GET /broken HTTP/1.1\r\nHost: a\r\n\r\n";
    auto const answer = answers_to(request + request);
    EXPECT_EQ(body(answer), "6\r\nfirst \r\n7\r\nsecond \r\n") << "no last chunk, and no further answer";
}

TEST_F(ConnectionTest, AnswersHeadWithoutABody) {
    for (std::string const version : {"1.0", "1.1"}) {
        auto const answer = answers_to("HEAD /pieces HTTP/" + version + "\r\nHost: a\r\n\r\n");
        EXPECT_EQ(count(answer, "HTTP/1.1 200 OK"), 1U);
        EXPECT_EQ(body(answer), "");
    }
}

std::string const put_five = "Host: a\r\nContent-Length: 5\r\n\r\nhello";

TEST_F(ConnectionTest, SendsInterimAnswersBeforeTheFinalOne) {
    auto const answer = answers_to("PUT /file HTTP/1.1\r\n" + put_five + "PUT /file HTTP/1.1\r\n" + put_five);
    std::string const interim = "HTTP/1.1 104 Upload Resumption Supported\r\n";
    auto const expected =
        interim + "Location: /files/1\r\n\r\n" + interim + "Upload-Offset: 5\r\n\r\nHTTP/1.1 200 OK\r\n";
    EXPECT_TRUE(answer.starts_with(expected)) << answer;
    EXPECT_EQ(count(answer, expected), 2U);
    EXPECT_EQ(count(answer, interim), 4U);
}

TEST_F(ConnectionTest, AClientThatWaitsForContinueGetsItBetweenInterimAnswers) {
    auto const answer =
        answers_to("PUT /file HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n");
    EXPECT_TRUE(
        answer.starts_with("HTTP/1.1 104 Upload Resumption Supported\r\nLocation: /files/1\r\n\r\n"
                           "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 "))
        << answer;
}

TEST_F(ConnectionTest, SendsNoInterimAnswersToHttp10) {
    EXPECT_TRUE(answers_to("PUT /file HTTP/1.0\r\n" + put_five).starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_F(ConnectionTest, GivesTheTrailerOfAChunkedBody) {
    std::string const chunks = "2\r\nab\r\n0\r\nUpload-Checksum: sha1 x\r\n\r\n";
    std::string const head = "PUT /file HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    auto const answer = answers_to(head + chunks + head + chunks);
    EXPECT_EQ(count(answer, "\r\n\r\nsha1 x"), 2U) << answer;
}

TEST_F(ConnectionTest, AnInterruptedBodyFailsAndEndsTheConnection) {
    std::string const head = "Host: a\r\nContent-Length: 1000\r\n\r\n";
    std::string const chunked = "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n";
    for (auto const* query : {"", "?waits"}) {
        for (auto const& rest : {head, chunked}) {
            auto const request = "PUT /interrupted" + std::string(query) + " HTTP/1.1\r\n" + rest + "begin";
            auto const answer = answers_to(request, /*closes=*/false);
            EXPECT_EQ(body(answer), "interrupted") << query << rest;
            EXPECT_EQ(count(answer, "Connection: close\r\n"), 1U) << query << rest;
        }
    }
}

TEST_F(ConnectionTest, ABodyThatHasBeenReadCannotBeInterrupted) {
    auto const answer = answers_to("PUT /late HTTP/1.1\r\n" + put_five + "PUT /late HTTP/1.1\r\n" + put_five);
    EXPECT_EQ(count(answer, "\r\n\r\nhello"), 2U) << answer;
}

TEST_F(ConnectionTest, AnswersAnOverriddenMethodAsAPost) {
    auto const answer = answers_to("POST /method HTTP/1.1\r\nHost: a\r\nX-HTTP-Method-Override: HEAD\r\n\r\n");
    EXPECT_EQ(body(answer), "as HEAD") << "a client that has sent POST waits for the content";
    EXPECT_EQ(body(answers_to("HEAD /method HTTP/1.1\r\nHost: a\r\n\r\n")), "");
    EXPECT_EQ(body(answers_to("PUT /method HTTP/1.1\r\nHost: a\r\nX-HTTP-Method-Override: HEAD\r\n\r\n")), "as HEAD");
    EXPECT_TRUE(answers_to("POST /method HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 405 "));
    EXPECT_TRUE(answers_to("POST /pieces HTTP/1.1\r\nHost: a\r\nX-HTTP-Method-Override: GET\r\n\r\n")
                    .starts_with("HTTP/1.1 405 "));
}

}  // namespace
}  // namespace clinikk::http
