#include "http/message/request_head.hpp"

#include <gtest/gtest.h>

#include <string>

namespace clinikk::http {
namespace {

using namespace std::string_literals;
using Kind = HeadOutcome::Kind;

/// Parses the whole; also every prefix of it, which must need more or, if the whole is refused, be refused alike.
HeadOutcome parse(std::string_view text, RequestHead& head, HeadLimits const& limits = {}) {
    auto const whole = parse_request_head(text, limits, head);
    auto const end = whole.kind == Kind::complete ? whole.consumed : text.size();
    RequestHead scratch;
    for (std::size_t size = 0; size < end; ++size) {
        auto const part = parse_request_head(text.substr(0, size), limits, scratch);
        if (part.kind == Kind::need_more) continue;
        bool const alike = part.kind == whole.kind && part.code == whole.code && part.reason == whole.reason;
        EXPECT_TRUE(alike) << "after " << size << " bytes: " << part.reason;
        if (!alike) break;
    }
    return whole;
}

HeadOutcome parse(std::string_view text, HeadLimits const& limits = {}) {
    RequestHead head;
    return parse(text, head, limits);
}

std::string with_fields(std::string const& fields, std::string const& line = "GET / HTTP/1.1") {
    return line + "\r\nHost: a\r\n" + fields + "\r\n";
}

RequestHead accept(std::string_view text) {
    RequestHead head;
    auto const outcome = parse(text, head);
    EXPECT_EQ(outcome.kind, Kind::complete) << text << outcome.reason;
    return head;
}

void expect_refused(std::string_view text, ErrorCode code = ErrorCode::bad_request) {
    auto const outcome = parse(text);
    EXPECT_EQ(outcome.kind, Kind::refused) << text;
    EXPECT_EQ(describe(outcome.code).name, describe(code).name) << text;
    EXPECT_FALSE(outcome.reason.empty());
}

TEST(RequestHead, SplitsItsParts) {
    std::string const text =
        "POST /content/a%20b?x=1&y HTTP/1.1\r\nHost: tv.example:8000\r\nX-Empty:\r\nACCEPT: \t a, b \t\r\n"
        "Content-Length: 12\r\n\r\nbody";
    RequestHead head;
    auto const outcome = parse(text, head);
    ASSERT_EQ(outcome.kind, Kind::complete);
    EXPECT_EQ(text.substr(outcome.consumed), "body");
    EXPECT_EQ(head.method, Method::post);
    EXPECT_EQ(head.method_name, "POST");
    EXPECT_EQ(head.target, "/content/a%20b?x=1&y");
    EXPECT_EQ(head.path, "/content/a%20b");
    EXPECT_EQ(head.query, "x=1&y");
    EXPECT_EQ(head.host, "tv.example:8000");
    EXPECT_EQ(head.version, Version::http_1_1);
    ASSERT_EQ(head.fields.size(), 4U);
    EXPECT_EQ(head.fields[2].name, "ACCEPT");
    EXPECT_EQ(head.fields[2].value, "a, b");
    EXPECT_EQ(head.find("accept"), "a, b");
    EXPECT_EQ(head.framing, BodyFraming::length);
    EXPECT_EQ(head.content_length, 12U);
    EXPECT_TRUE(head.keep_alive);
    EXPECT_FALSE(head.expect_continue);
}

TEST(RequestHead, TellsAnEmptyValueFromNone) {
    auto const text = with_fields("X-Empty: \r\n");
    auto const head = accept(text);
    EXPECT_NE(head.find("x-empty").data(), nullptr);
    EXPECT_TRUE(head.find("x-empty").empty());
    EXPECT_EQ(head.find("x-none").data(), nullptr);
}

TEST(RequestHead, FindsTheFirstOfSeveral) {
    auto const text = with_fields("A: 1\r\na: 2\r\n");
    EXPECT_EQ(accept(text).find("A"), "1");
}

TEST(RequestHead, ForgetsTheRequestBefore) {
    RequestHead head;
    parse(with_fields("Content-Length: 5\r\nExpect: 100-continue\r\n", "POST http://b/?q HTTP/1.1"), head);
    ASSERT_TRUE(head.expect_continue);
    std::string const next = "GET /x HTTP/1.0\r\n\r\n";
    ASSERT_EQ(parse(next, head).kind, Kind::complete);
    EXPECT_TRUE(head.fields.empty());
    EXPECT_TRUE(head.host.empty());
    EXPECT_TRUE(head.query.empty());
    EXPECT_EQ(head.framing, BodyFraming::none);
    EXPECT_EQ(head.content_length, 0U);
    EXPECT_FALSE(head.expect_continue);
    EXPECT_FALSE(head.keep_alive);
}

TEST(RequestHead, StopsAtTheEndOfTheHead) {
    auto const first = with_fields("");
    RequestHead head;
    EXPECT_EQ(parse(first + "GARBAGE\x01\n", head).consumed, first.size());
}

TEST(RequestHead, SkipsTwoEmptyLinesBeforeTheRequest) {
    accept("\r\n\r\n" + with_fields(""));
    expect_refused("\r\n\r\n\r\n" + with_fields(""));
    expect_refused("\n" + with_fields(""));
    expect_refused("\rGET / HTTP/1.1\r\n");
}

TEST(RequestHead, RefusesLineEndsOtherThanCrlf) {
    expect_refused("GET / HTTP/1.1\nHost: a\n\n");
    expect_refused("GET / HTTP/1.1\rHost: a\r\r");
    expect_refused("GET / HTTP/1.1\r\nHost: a\n\r\n");
    expect_refused("GET / HTTP/1.1\r\nHost: a\r\n\n");
    expect_refused("GET / HTTP/1.1\r\nHost: a\r\n\rX");
    expect_refused(with_fields("X: a\rb\r\n"));
    expect_refused(with_fields("X: a\nY: b\r\n"));
}

TEST(RequestHead, RefusesMalformedRequestLines) {
    for (std::string_view line :
         {"GET", "GET ", "GET /", " GET / HTTP/1.1", "GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET\t/ HTTP/1.1",
          "G(T / HTTP/1.1", "/ HTTP/1.1", "GET / HTTP/1.1 ", "GET / ", "GET /a b HTTP/1.1", "GET /a\tb HTTP/1.1",
          "GET /a\x7F HTTP/1.1", "GET /\xC3\xA4 HTTP/1.1", "GET /a#b HTTP/1.1", "GET # HTTP/1.1", "\x16\x03\x01"}) {
        expect_refused(std::string(line) + "\r\nHost: a\r\n\r\n");
    }
    expect_refused("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"s);
}

TEST(RequestHead, KnowsTwoVersions) {
    EXPECT_EQ(accept("GET / HTTP/1.0\r\n\r\n").version, Version::http_1_0);
    for (std::string_view version : {"HTTP/1.2", "HTTP/1.9", "HTTP/0.9", "HTTP/2.0", "HTTP/3.0", "HTTP/9.9"}) {
        expect_refused("GET / " + std::string(version) + "\r\nHost: a\r\n\r\n", ErrorCode::version_not_supported);
    }
    expect_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ErrorCode::version_not_supported);
    for (std::string_view version : {"http/1.1", "HTTP/1", "HTTP/11", "HTTP/1.", "HTTP/1.10", "HTTP/01.1", "HTTP/1,1",
                                     "HTTPS/1.1", "HTTP/+1.1", "HTTP/a.b", "HTTP 1.1", "ICY/1.0", "HTTP/2"}) {
        expect_refused("GET / " + std::string(version) + "\r\nHost: a\r\n\r\n");
    }
}

TEST(RequestHead, LimitsTheMethod) {
    accept(with_fields("", std::string(32, 'M') + " / HTTP/1.1"));
    expect_refused(with_fields("", std::string(33, 'M') + " / HTTP/1.1"), ErrorCode::not_implemented);
}

TEST(RequestHead, ReadsTheFormsOfATarget) {
    struct Case {
        std::string_view line, path, query, host;
    };
    for (auto const& [line, path, query, host] : {
             Case{"GET / HTTP/1.1", "/", "", "a"},
             Case{"GET //x/../y HTTP/1.1", "//x/../y", "", "a"},
             Case{"GET /? HTTP/1.1", "/", "", "a"},
             Case{"GET /a?b?c=/d HTTP/1.1", "/a", "b?c=/d", "a"},
             Case{"OPTIONS * HTTP/1.1", "*", "", "a"},
             Case{"GET http://b/c?d HTTP/1.1", "/c", "d", "b"},
             Case{"GET HTTPS://b.example:81/c HTTP/1.1", "/c", "", "b.example:81"},
             Case{"GET http://b HTTP/1.1", "/", "", "b"},
             Case{"GET http://b?d HTTP/1.1", "/", "d", "b"},
             Case{"GET http://[::1]:80/ HTTP/1.1", "/", "", "[::1]:80"},
             Case{"GET /http://x HTTP/1.1", "/http://x", "", "a"},
         }) {
        auto const text = with_fields("", std::string(line));
        auto const head = accept(text);
        EXPECT_EQ(head.path, path) << line;
        EXPECT_EQ(head.query, query) << line;
        EXPECT_EQ(head.host, host) << line;
    }
    for (std::string_view target :
         {"*", "a", "a:80", "?x", "http:/b", "http:///c", "http://", "http://b@c/", "ftp://b/", "http://b:x/",
          "http://b:65536/", "http://[::1/", "http://a b/", "http://b,c/"}) {
        expect_refused(with_fields("", "GET " + std::string(target) + " HTTP/1.1"));
    }
    expect_refused(with_fields("", "OPTIONS ** HTTP/1.1"));
    expect_refused(with_fields("", "CONNECT b:443 HTTP/1.1"), ErrorCode::not_implemented);
    expect_refused(with_fields("", "CONNECT / HTTP/1.1"), ErrorCode::not_implemented);
}

TEST(RequestHead, WantsOneValidHost) {
    for (std::string_view host : {"a", "127.0.0.1:8000", "a.b-c_d~e:", "[::1]", "[2001:db8::1]:443", "a:65535"}) {
        auto const text = "GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n";
        EXPECT_EQ(accept(text).host, host);
    }
    for (std::string_view host :
         {"",      ":80", "a b",    "a,b", "a/b",       "u@a",  "a:b",    "a:65536",          "a:-1",  "[::1",
          "[::g]", "[]",  "[::1]x", "::1", "a\xC3\xA4", "a%41", "[v1.a]", "[fe80::1%25eth0]", "\"a\"", "a?b"}) {
        expect_refused("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
    }
    EXPECT_EQ(accept("GET / HTTP/1.0\r\nHost: a\r\n\r\n").fields.size(), 1U);
    expect_refused("GET / HTTP/1.0\r\nHost: a b\r\n\r\n");
    expect_refused("GET / HTTP/1.1\r\n\r\n");
    expect_refused("GET http://b/ HTTP/1.1\r\n\r\n");
    expect_refused("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n");
    expect_refused("GET / HTTP/1.1\r\nHost: " + std::string(256, 'a') + "\r\n\r\n");
}

TEST(RequestHead, RefusesMalformedFields) {
    for (std::string_view field :
         {"X", "X a", "X : a", "X\t: a", ": a", " X: a", "\tX: a", "X(: a", "X\x01: a", "\xC3\xA4: a", "X: \x01",
          "X: a\x7F", "X: \x1B[0m", "X: \x0B", "Y: 1\r\n folded", "Y: 1\r\n\tfolded", "X;a: b"}) {
        expect_refused(with_fields(std::string(field) + "\r\n"));
    }
    expect_refused(with_fields("X: a\0b\r\n"s));
    expect_refused("GET / HTTP/1.1\r\n Host: a\r\n\r\n");
    auto const text = with_fields("X: \xC3\xA4\tb\xFF\r\n");
    EXPECT_EQ(accept(text).find("x"), "\xC3\xA4\tb\xFF");
}

TEST(RequestHead, FindsAForbiddenCharacterAtAnyPlace) {
    for (std::size_t size = 1; size < 40; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            std::string value(size, '\t');
            for (std::size_t i = 0; i < size; i += 3) value[i] = '\x80';
            value[0] = value[size - 1] = 'x';
            RequestHead head;
            auto text = with_fields("X: " + value + "\r\n");
            ASSERT_EQ(parse_request_head(text, {}, head).kind, Kind::complete);
            ASSERT_EQ(head.find("X"), value);
            for (char const c : {'\0', '\x01', '\x1F', '\x7F', '\n', '\r'}) {
                value[at] = c;
                text = with_fields("X: " + value + "\r\n");
                ASSERT_EQ(parse_request_head(text, {}, head).kind, Kind::refused) << size << ' ' << at;
            }
        }
    }
}

}  // namespace
}  // namespace clinikk::http
