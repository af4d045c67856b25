#include <gtest/gtest.h>

#include <string>

#include "http/message/request_head.hpp"

namespace clinikk::http {
namespace {

using Kind = HeadOutcome::Kind;

HeadOutcome parse(std::string const& text, RequestHead& head, HeadLimits const& limits = {}) {
    return parse_request_head(text, limits, head);
}

std::string request(std::string const& fields, std::string const& version = "1.1") {
    return "POST / HTTP/" + version + "\r\nHost: a\r\n" + fields + "\r\n";
}

RequestHead accept(std::string const& text) {
    RequestHead head;
    auto const outcome = parse(text, head);
    EXPECT_EQ(outcome.kind, Kind::complete) << text << outcome.reason;
    return head;
}

void expect_refused(std::string const& text, ErrorCode code = ErrorCode::bad_request, HeadLimits const& limits = {}) {
    RequestHead head;
    auto const outcome = parse(text, head, limits);
    EXPECT_EQ(outcome.kind, Kind::refused) << text;
    EXPECT_EQ(describe(outcome.code).name, describe(code).name) << text << outcome.reason;
}

TEST(RequestFraming, ReadsTheLength) {
    EXPECT_EQ(accept(request("")).framing, BodyFraming::none);
    auto const zero = accept(request("Content-Length: 0\r\n"));
    EXPECT_EQ(zero.framing, BodyFraming::length);
    EXPECT_EQ(zero.content_length, 0U);
    EXPECT_EQ(accept(request("content-length: 18446744073709551615\r\n")).content_length, UINT64_MAX);
    EXPECT_EQ(accept(request("Content-Length: 007\r\n")).content_length, 7U);
    for (std::string const value : {"", "-1", "+1", "0x10", "1 2", "1,2", "5, 5", "5,", ",5", "1.0", "1e3", "a",
                                    "18446744073709551616", "99999999999999999999", "\"5\"", "5;a"}) {
        expect_refused(request("Content-Length: " + value + "\r\n"));
    }
    expect_refused(request("Content-Length: 5\r\nContent-Length: 5\r\n"));
    expect_refused(request("Content-Length: 5\r\nCONTENT-LENGTH: 6\r\n"));
}

TEST(RequestFraming, KnowsOneTransferCoding) {
    EXPECT_EQ(accept(request("Transfer-Encoding: chunked\r\n")).framing, BodyFraming::chunked);
    EXPECT_EQ(accept(request("transfer-encoding: \tChunKed \r\n")).framing, BodyFraming::chunked);
    for (std::string const value :
         {"gzip", "gzip, chunked", "identity", "xchunked", "chunked-x", "foo;a=b", "foo, bar"}) {
        expect_refused(request("Transfer-Encoding: " + value + "\r\n"), ErrorCode::not_implemented);
    }
    for (std::string const value : {"", ",", ",chunked", "chunked,", "chunked, chunked", "chunked, gzip", "chunked;a=b",
                                    "chunked;", "\"chunked\"", "chunked gzip", "chun ked", "gzip, chunked, chunked"}) {
        expect_refused(request("Transfer-Encoding: " + value + "\r\n"));
    }
    expect_refused(request("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"));
    expect_refused(request("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n"));
    expect_refused(request("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), ErrorCode::not_implemented);
    expect_refused(request("Transfer-Encoding: chunked\r\n", "1.0"));
}

TEST(RequestFraming, RefusesBothFramings) {
    expect_refused(request("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"));
    expect_refused(request("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"));
    expect_refused(request("Content-Length: 0\r\nTransfer-Encoding: gzip\r\n"));
}

TEST(RequestFraming, KeepsTheConnection) {
    struct Case {
        std::string version, fields;
        bool keeps;
    };
    for (auto const& [version, fields, keeps] : {
             Case{"1.1", "", true},
             Case{"1.1", "Connection: close\r\n", false},
             Case{"1.1", "Connection: CLOSE\r\n", false},
             Case{"1.1", "Connection: keep-alive\r\n", true},
             Case{"1.1", "Connection: upgrade, ,\tclose\r\n", false},
             Case{"1.1", "Connection: upgrade\r\nConnection: close\r\n", false},
             Case{"1.1", "Connection: keep-alive, close\r\n", false},
             Case{"1.1", "Connection: closed\r\n", true},
             Case{"1.1", "Connection:\r\n", true},
             Case{"1.0", "", false},
             Case{"1.0", "Connection: Keep-Alive\r\n", true},
             Case{"1.0", "Connection: close, keep-alive\r\n", false},
         }) {
        EXPECT_EQ(accept(request(fields, version)).keep_alive, keeps) << version << fields;
    }
}

TEST(RequestFraming, ExpectsOneThing) {
    EXPECT_TRUE(accept(request("Content-Length: 1\r\nExpect: 100-Continue\r\n")).expect_continue);
    EXPECT_TRUE(accept(request("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n")).expect_continue);
    EXPECT_FALSE(accept(request("Expect: 100-continue\r\n")).expect_continue);
    EXPECT_FALSE(accept(request("Expect: 100-continue\r\nContent-Length: 0\r\n")).expect_continue);
    EXPECT_FALSE(accept(request("Content-Length: 1\r\nExpect: 100-continue\r\n", "1.0")).expect_continue);
    EXPECT_FALSE(accept(request("Content-Length: 1\r\nExpect: tea\r\n", "1.0")).expect_continue);
    EXPECT_TRUE(accept(request("Content-Length: 1\r\nExpect: 100-continue, ,100-continue\r\n")).expect_continue);
    EXPECT_TRUE(
        accept(request("Content-Length: 1\r\nExpect: 100-continue\r\nExpect: 100-continue\r\n")).expect_continue);
    EXPECT_FALSE(accept(request("Content-Length: 1\r\nExpect:\r\n")).expect_continue);
    for (std::string const value : {"tea", "100-continue, tea", "100-continue=1", "200-ok"}) {
        expect_refused(request("Expect: " + value + "\r\n"), ErrorCode::expectation_failed);
    }
    expect_refused(request("Expect: 100-continue\r\nExpect: tea\r\n"), ErrorCode::expectation_failed);
}

TEST(RequestFraming, RefusesASecondFieldOfThoseThatStandOnce) {
    for (std::string const name : {"Host", "Content-Length", "Content-Type", "Authorization", "Origin",
                                   "Access-Control-Request-Method", "authorization", "CONTENT-TYPE"}) {
        expect_refused(request(name + ": 1\r\n" + name + ": 1\r\n"));
    }
    auto const text = request("Authorization: a\r\nOrigin: b\r\nContent-Type: c\r\nRange: d\r\nRange: e\r\n");
    auto const head = accept(text);  // refers to the text
    EXPECT_EQ(head.find("Range"), "d");
    EXPECT_EQ(head.find_only("Range").data(), nullptr);
    EXPECT_EQ(head.find_only("origin"), "b");
}

/// A request line of so many bytes, without CRLF.
std::string line_of(std::size_t size) {
    std::string const method = "GET /";
    std::string const version = " HTTP/1.1";
    return method + std::string(size - method.size() - version.size(), 'a') + version;
}

TEST(RequestLimits, HoldForTheRequestLine) {
    HeadLimits const limits{64, 1000, 100};
    RequestHead head;
    auto const rest = std::string("\r\nHost: a\r\n\r\n");
    EXPECT_EQ(parse(line_of(64) + rest, head, limits).kind, Kind::complete);
    EXPECT_EQ(parse("\r\n" + line_of(64) + rest, head, limits).kind, Kind::complete);
    expect_refused(line_of(65) + rest, ErrorCode::uri_too_long, limits);
    expect_refused(line_of(500) + rest, ErrorCode::uri_too_long, limits);
    // As soon as it is passed, whatever comes behind.
    std::string const endless = "GET /" + std::string(200, 'a');
    EXPECT_EQ(parse(endless.substr(0, 64), head, limits).kind, Kind::need_more);
    EXPECT_EQ(parse(endless.substr(0, 64) + "\r", head, limits).kind, Kind::refused);
    expect_refused(endless.substr(0, 65), ErrorCode::uri_too_long, limits);
    expect_refused(endless.substr(0, 65) + "\x01", ErrorCode::uri_too_long, limits);
    EXPECT_EQ(parse(line_of(64) + "\r", head, limits).kind, Kind::need_more);
}

TEST(RequestLimits, HoldForTheBytesOfTheFields) {
    HeadLimits const limits{64, 100, 100};
    RequestHead head;
    auto const section = [](std::size_t size) {
        std::string const begin = "Host: a\r\nX: ";
        return begin + std::string(size - begin.size() - 4, 'x') + "\r\n\r\n";
    };
    std::string const line = "GET / HTTP/1.1\r\n";
    auto const full = parse(line + section(100) + "body", head, limits);
    EXPECT_EQ(full.kind, Kind::complete);
    EXPECT_EQ(full.consumed, line.size() + 100);
    expect_refused(line + section(101), ErrorCode::headers_too_large, limits);
    auto const endless = line + "Host: a\r\nX: " + std::string(500, 'x');
    EXPECT_EQ(parse(endless.substr(0, line.size() + 100), head, limits).kind, Kind::need_more);
    expect_refused(endless.substr(0, line.size() + 101), ErrorCode::headers_too_large, limits);
}

TEST(RequestLimits, HoldForTheNumberOfFields) {
    RequestHead head;
    std::string fields;
    for (int i = 0; i < 99; ++i) fields += "X:\r\n";
    EXPECT_EQ(accept(request(fields)).fields.size(), 100U);
    expect_refused(request(fields + "X:\r\n"), ErrorCode::headers_too_large);
    auto const full = "GET / HTTP/1.1\r\nHost: a\r\n" + fields;
    EXPECT_EQ(parse(full, head).kind, Kind::need_more);
    EXPECT_EQ(parse(full + "\r", head).kind, Kind::need_more);
    expect_refused(full + "X", ErrorCode::headers_too_large);
}

TEST(RequestLimits, AreTheOnesAgreed) {
    RequestHead head;
    EXPECT_EQ(parse(line_of(8192) + "\r\nHost: a\r\n\r\n", head).kind, Kind::complete);
    expect_refused(line_of(8193) + "\r\nHost: a\r\n\r\n", ErrorCode::uri_too_long);
    std::string const fixed = "Host: a\r\nX: \r\n\r\n";
    auto const value = [&](std::size_t size) {
        return "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(size - fixed.size(), 'x') + "\r\n\r\n";
    };
    EXPECT_EQ(parse(value(32768), head).kind, Kind::complete);
    expect_refused(value(32769), ErrorCode::headers_too_large);
}

TEST(DecodePath, DecodesEscapes) {
    EXPECT_EQ(decode_path("a%20b+%C3%A4%2f"), "a b+\xC3\xA4/");
    EXPECT_EQ(decode_path(""), "");
    for (std::string_view const text : {"%", "%4", "%zz", "%4g", "a%00b", "%FF", "%C3", "%ED%A0%80", "%+1", "% 1"}) {
        EXPECT_FALSE(decode_path(text)) << text;
    }
    EXPECT_FALSE(decode_path(std::string_view("a\0", 2)));
}

}  // namespace
}  // namespace clinikk::http
