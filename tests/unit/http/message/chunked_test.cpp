#include "http/message/chunked.hpp"

#include <gtest/gtest.h>

#include <string>

namespace clinikk::http {
namespace {

using Kind = ChunkedDecoder::Step::Kind;

struct Decoded {
    Kind kind = Kind::need_more;
    std::string data;
    std::size_t consumed = 0;

    bool operator==(Decoded const&) const = default;
};

void feed(ChunkedDecoder& decoder, std::string_view input, Decoded& out) {
    while (true) {
        auto const step = decoder.next(input);
        input.remove_prefix(step.consumed);
        out.consumed += step.consumed;
        out.kind = step.kind;
        EXPECT_EQ(step.kind == Kind::data, !step.data.empty());
        EXPECT_EQ(step.kind == Kind::refused, !step.reason.empty());
        if (step.kind != Kind::data) break;
        out.data += step.data;
    }
    EXPECT_TRUE(out.kind != Kind::need_more || input.empty());
}

/// Decodes the whole, and cut in two at every place, and byte by byte; all must come to the same.
Decoded decode(std::string_view input) {
    Decoded whole;
    ChunkedDecoder decoder;
    feed(decoder, input, whole);
    for (std::size_t cut = 0; cut <= input.size(); ++cut) {
        Decoded parts;
        ChunkedDecoder fresh;
        feed(fresh, input.substr(0, cut), parts);
        if (parts.kind == Kind::need_more) feed(fresh, input.substr(cut), parts);
        EXPECT_EQ(parts, whole) << "cut at " << cut << " of " << input;
    }
    Decoded bytes;
    ChunkedDecoder slow;
    for (std::size_t i = 0; i < input.size() && bytes.kind == Kind::need_more; ++i)
        feed(slow, input.substr(i, 1), bytes);
    EXPECT_EQ(bytes, whole) << "byte by byte: " << input;
    return whole;
}

void expect_refused(std::string_view input) { EXPECT_EQ(decode(input).kind, Kind::refused) << input; }

TEST(ChunkedDecoder, JoinsChunks) {
    auto const decoded = decode("5\r\nhello\r\n1\r\n \r\n0A\r\n0123456789\r\n0\r\n\r\nGET /");
    EXPECT_EQ(decoded.kind, Kind::end);
    EXPECT_EQ(decoded.data, "hello 0123456789");
    EXPECT_EQ(decoded.consumed, 37U);
}

TEST(ChunkedDecoder, TakesAnEmptyBody) {
    EXPECT_EQ(decode("0\r\n\r\n").kind, Kind::end);
    EXPECT_EQ(decode("0000\r\n\r\n").kind, Kind::end);
}

TEST(ChunkedDecoder, WaitsForTheEnd) {
    for (std::string_view input : {"", "5", "5\r", "5\r\n", "5\r\nhel", "5\r\nhello", "5\r\nhello\r", "0\r\n",
                                   "0\r\n\r", "0\r\nA: b", "0\r\nA: b\r\n", "5;", "5 "}) {
        EXPECT_EQ(decode(input).kind, Kind::need_more) << input;
    }
}

TEST(ChunkedDecoder, GivesViewsIntoTheInput) {
    std::string const input = "5\r\nhello\r\n";
    ChunkedDecoder decoder;
    auto const step = decoder.next(input);
    EXPECT_EQ(step.data.data(), input.data() + 3);
}

TEST(ChunkedDecoder, StaysWhereItEnded) {
    ChunkedDecoder decoder;
    EXPECT_EQ(decoder.next("0\r\n\r\nX").consumed, 5U);
    auto const again = decoder.next("X");
    EXPECT_EQ(again.kind, Kind::end);
    EXPECT_EQ(again.consumed, 0U);

    ChunkedDecoder broken;
    EXPECT_EQ(broken.next("x").kind, Kind::refused);
    EXPECT_EQ(broken.next("0\r\n\r\n").kind, Kind::refused);
}

TEST(ChunkedDecoder, WantsPlainHexadecimalSizes) {
    for (std::string_view input : {"\r\n", "x\r\n", "-1\r\n", "+1\r\n", "0x5\r\n", " 5\r\n", "5 \r\n", "5h\r\n",
                                   "5,\r\n", "\r\n5\r\nhello\r\n", "5 5\r\n", "5\x01\r\n", ";a\r\n"}) {
        expect_refused(input);
    }
    EXPECT_EQ(decode("fFfFfFfFfFfFfFfF\r\nabc").data, "abc");
    EXPECT_EQ(decode("0000000000000003\r\nabc\r\n0\r\n\r\n").kind, Kind::end);
    expect_refused("00000000000000003\r\nabc\r\n");
    expect_refused("10000000000000000\r\n");
}

TEST(ChunkedDecoder, WantsCrlf) {
    for (std::string_view input : {"5\nhello\n0\n\n", "5\r\nhello\n", "5\r\nhello\rX", "5\r\nhelloX", "5\rX", "0\r\n\n",
                                   "0\n\r\n", "5;a\nhello\r\n", "0\r\nA: b\n\r\n", "0\r\n\rX", "0\r\nA: b\rX"}) {
        expect_refused(input);
    }
}

TEST(ChunkedDecoder, ReadsPastExtensions) {
    EXPECT_EQ(decode("5;a=b;c=\"d\"\r\nhello\r\n0 ; x\r\n\r\n").kind, Kind::end);
    expect_refused("5;a\x01\r\nhello\r\n");
    auto const with_extension = [](std::size_t size) {
        return "1;" + std::string(size - 1, 'e') + "\r\nx\r\n0;" + std::string(size - 1, 'e') + "\r\n\r\n";
    };
    EXPECT_EQ(decode(with_extension(256)).kind, Kind::end);
    expect_refused(with_extension(257));
    expect_refused("1" + std::string(257, ' '));
}

TEST(ChunkedDecoder, ReadsPastTrailers) {
    auto const decoded = decode("0\r\nDigest: abc\r\nX:\r\n\r\n");
    EXPECT_EQ(decoded.kind, Kind::end);
    for (std::string_view input : {"0\r\n: a\r\n\r\n", "0\r\nA\r\n\r\n", "0\r\nA : b\r\n\r\n", "0\r\n A: b\r\n\r\n",
                                   "0\r\nA: b\x7F\r\n\r\n", "0\r\nA: b\r\n folded\r\n\r\n"}) {
        expect_refused(input);
    }
}

TEST(ChunkedDecoder, KeepsTrailerFieldsUntilTheEnd) {
    std::string_view const input = "1\r\nx\r\n0\r\nUpload-Checksum:  sha1 Kg== \r\nX: 1\r\nx: 2\r\nEmpty:\r\n\r\nGET /";
    for (std::size_t cut = 0; cut <= input.size() - 6; ++cut) {
        ChunkedDecoder decoder;
        Decoded out;
        feed(decoder, input.substr(0, cut), out);
        EXPECT_EQ(decoder.trailer("x"), "") << "before the end, at " << cut;
        feed(decoder, input.substr(cut), out);
        EXPECT_EQ(decoder.trailer("upload-checksum"), "sha1 Kg==") << "cut at " << cut;
        EXPECT_EQ(decoder.trailer("X"), "1");
        EXPECT_EQ(decoder.trailer("Empty"), "");
        EXPECT_EQ(decoder.trailer("Other"), "");
    }
}

TEST(ChunkedDecoder, IgnoresTrailerFieldsThatBelongInTheHead) {
    ChunkedDecoder decoder;
    Decoded out;
    feed(decoder,
         "0\r\ncontent-length: 5\r\nHost: a\r\nTransfer-Encoding: chunked\r\nAuthorization: Bearer x\r\nA: b\r\n\r\n",
         out);
    EXPECT_EQ(out.kind, Kind::end);
    for (auto const* name : {"Content-Length", "Host", "Transfer-Encoding", "Authorization"}) {
        EXPECT_EQ(decoder.trailer(name), "") << name;
    }
    EXPECT_EQ(decoder.trailer("A"), "b");
}

TEST(ChunkedDecoder, LimitsTheNumberOfTrailerFields) {
    auto const with_fields = [](int number) {
        std::string input = "0\r\n";
        for (int i = 0; i < number; ++i) input += "a:\r\n";
        return input + "\r\n";
    };
    ChunkedDecoder fits;
    EXPECT_EQ(fits.next(with_fields(100)).kind, Kind::end);
    ChunkedDecoder too_many;
    EXPECT_EQ(too_many.next(with_fields(101)).kind, Kind::refused);
    ChunkedDecoder forbidden;
    std::string hosts = "0\r\n";
    for (int i = 0; i < 101; ++i) hosts += "Host:a\r\n";
    EXPECT_EQ(forbidden.next(hosts).kind, Kind::refused) << "ignored fields count too";
}

TEST(ChunkedDecoder, LimitsTheTrailerSection) {
    auto const with_trailer = [](std::size_t size) { return "0\r\nA:" + std::string(size - 6, 'v') + "\r\n\r\n"; };
    ChunkedDecoder fits;
    EXPECT_EQ(fits.next(with_trailer(8192)).kind, Kind::end);
    ChunkedDecoder too_large;
    EXPECT_EQ(too_large.next(with_trailer(8193)).kind, Kind::refused);
}

}  // namespace
}  // namespace clinikk::http
