#include "http/message/multipart.hpp"

#include <gtest/gtest.h>

#include <string>

namespace clinikk::http {
namespace {

using namespace std::string_literals;
using Kind = MultipartParser::Step::Kind;

/// Feeds a parser as a caller with a buffer does, and writes down what it says: `[name|file|type]data` for each part,
/// `.` at the end, `!reason` when it refuses.
class Transcript {
public:
    explicit Transcript(std::string_view boundary) : parser_(boundary) {}

    void feed(std::string_view more) {
        buffer_ += more;
        std::string_view input = buffer_;
        while (!refused_) {
            auto step = parser_.next(input);
            ASSERT_LE(step.consumed, input.size());
            input.remove_prefix(step.consumed);
            note(step);
            if (step.kind == Kind::need_more || (step.kind == Kind::end && input.empty())) break;
        }
        buffer_ = std::string(input);
        EXPECT_TRUE(refused_ || buffer_.size() < MultipartParser::least_buffer);
    }

    std::string finish() {
        auto const whole = parser_.finish();
        if (!whole && !refused_) text_ += "!" + whole.error().detail;
        return text_;
    }

private:
    void note(MultipartParser::Step const& step) {
        EXPECT_EQ(step.kind == Kind::data, !step.data.empty());
        if (step.kind == Kind::part_begin) {
            text_ += "[" + step.part.name + "|" + step.part.file_name.value_or("-") + "|" +
                     step.part.content_type.value_or("-") + "]";
        } else if (step.kind == Kind::data) {
            text_ += step.data;
        } else if (step.kind == Kind::end && !text_.ends_with('.')) {
            text_ += '.';
        } else if (step.kind == Kind::refused) {
            EXPECT_EQ(step.code, ErrorCode::malformed_multipart);
            refused_ = true;
            text_ += "!" + std::string(step.reason);
        }
    }

    MultipartParser parser_;
    std::string buffer_{};
    std::string text_{};
    bool refused_ = false;
};

std::string read_whole(std::string_view body, std::string_view boundary = "B") {
    Transcript transcript(boundary);
    transcript.feed(body);
    return transcript.finish();
}

/// The same however the body is cut.
std::string read(std::string_view body, std::string_view boundary = "B") {
    auto const whole = read_whole(body, boundary);
    for (std::size_t cut = 0; cut <= body.size(); ++cut) {
        Transcript halves(boundary);
        halves.feed(body.substr(0, cut));
        halves.feed(body.substr(cut));
        EXPECT_EQ(halves.finish(), whole) << "cut at " << cut;
    }
    for (std::size_t size = 1; size < 8; ++size) {
        Transcript pieces(boundary);
        for (std::size_t at = 0; at < body.size(); at += size) pieces.feed(body.substr(at, size));
        EXPECT_EQ(pieces.finish(), whole) << "in pieces of " << size;
    }
    return whole;
}

/// A body of one part with this header.
std::string with_header(std::string const& header) { return "--B\r\n" + header + "\r\n\r\ndata\r\n--B--\r\n"; }

std::string with_disposition(std::string const& value) { return with_header("Content-Disposition: " + value); }

bool refuses(std::string const& body) {
    auto const text = read(body);
    return text.find('!') != std::string::npos;
}

TEST(Multipart, ReadsParts) {
    EXPECT_EQ(read("--B\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nHello\r\n"
                   "--B\r\ncontent-type: video/mp4\r\nX-Other: 1\r\n"
                   "CONTENT-DISPOSITION: Form-Data; name=file; filename=\"a "
                   "b.mp4\"\r\n\r\n\x01\r\n\r\n--\r\n--A\r\n--B--\r\n"),
              "[title|-|-]Hello[file|a b.mp4|video/mp4]\x01\r\n\r\n--\r\n--A.");
}

TEST(Multipart, ReadsEmptyParts) {
    std::string const part = "--B\r\nContent-Disposition: form-data; name=a; filename=\"\"\r\n\r\n\r\n";
    EXPECT_EQ(read(part + part + "--B--"), "[a||-][a||-].");
    EXPECT_EQ(read("--B\r\nContent-Disposition: form-data; name=a\r\n\r\n--B\r\n"
                   "Content-Disposition: form-data; name=b\r\n\r\n--A\r\n--B--"),
              "[a|-|-][b|-|-]--A.");
    EXPECT_EQ(read("--B--\r\n"), ".");
    EXPECT_EQ(read("--B--"), ".");
}

TEST(Multipart, ReadsPastPreambleAndEpilogue) {
    auto const body = with_disposition("form-data; name=a");
    EXPECT_EQ(read("\r\n" + body), "[a|-|-]data.");
    EXPECT_EQ(read("This is multipart.\r\n--\r\n--C\r\n" + body + "Goodbye\r\n--B\r\n"), "[a|-|-]data.");
    EXPECT_EQ(read_whole(std::string(8192, 'p') + "\r\n" + body), "[a|-|-]data.");
    EXPECT_NE(read_whole(std::string(8193, 'p') + "\r\n" + body).find('!'), std::string::npos);
    EXPECT_EQ(read_whole("--B--" + std::string(8192, 'e')), ".");
    EXPECT_EQ(read_whole("--B--" + std::string(8193, 'e')).substr(0, 2), ".!");
}

TEST(Multipart, ToleratesBlanksBehindABoundary) {
    EXPECT_EQ(read("--B \t\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--B  \r\n"
                   "Content-Disposition: form-data; name=b\r\n\r\ny\r\n--B-- \r\n"),
              "[a|-|-]x[b|-|-]y.");
    auto const padded = [](std::size_t size) {
        return "--B" + std::string(size, ' ') + "\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--B--";
    };
    EXPECT_EQ(read_whole(padded(256)), "[a|-|-]x.");
    EXPECT_NE(read_whole(padded(257)).find('!'), std::string::npos);
}

TEST(Multipart, RefusesOtherTextBehindABoundary) {
    auto const body = with_disposition("form-data; name=a");
    EXPECT_TRUE(refuses("--BX\r\n"));
    EXPECT_TRUE(refuses("--B\n"));
    EXPECT_TRUE(refuses("--B\rX"));
    EXPECT_TRUE(refuses("--B-X"));
    EXPECT_TRUE(refuses("--B --"));
    EXPECT_TRUE(refuses("--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--BX\r\n"));
}

TEST(Multipart, NoticesAnEarlyEnd) {
    auto const body = with_disposition("form-data; name=a");
    auto const last = body.size() - 2;
    EXPECT_EQ(read(body.substr(0, last)), "[a|-|-]data.");
    for (std::size_t size = 0; size < last; ++size) {
        auto const text = read_whole(body.substr(0, size));
        EXPECT_NE(text.find("ended early"), std::string::npos) << size;
    }
}

TEST(Multipart, KeepsWhatOnlyLooksLikeABoundary) {
    for (std::string data : {"\r", "\r\n", "\r\n-", "\r\n--", "\r\n\r\n-", "\r\r\r\n\n", " --B", "-", "--", "--A",
                             "\n--B--", "\r\n--A", "\r\n --B"}) {
        auto const body = "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n" + data + "\r\n--B--";
        EXPECT_EQ(read(body), "[a|-|-]" + data + ".");
    }
    std::string const boundary = "--\x2D-long boundary with spaces and (chars)?";
    auto const body = "--" + boundary + "\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--" +
                      boundary.substr(0, boundary.size() - 1) + "\r\n--" + boundary + "--";
    EXPECT_EQ(read(body, boundary), "[a|-|-]\r\n--" + boundary.substr(0, boundary.size() - 1) + ".");
}

TEST(Multipart, ReadsDispositions) {
    struct Case {
        std::string value, expected;
    };
    for (auto const& [value, expected] : {
             Case{"form-data; name=\"a\"", "[a|-|-]data."},
             Case{"form-data;name=a;filename=b", "[a|b|-]data."},
             Case{"form-data ; name=\"\" ; ", "[|-|-]data."},
             Case{R"(form-data; name="a\"b\\c")", R"([a"b\c|-|-]data.)"},
             Case{R"(form-data; name="a%22b%41"; filename="%22.mp4")", R"([a"b%41|".mp4|-]data.)"},
             Case{R"(form-data; name=f; filename="C:\videos\x.mp4")", R"([f|C:\videos\x.mp4|-]data.)"},
             Case{"form-data; name=\"ä\"; filename=\"日本.mp4\"", "[ä|日本.mp4|-]data."},
             Case{"form-data; name=a; filename=\"x\xFFy\xC3\"", "[a|x\xEF\xBF\xBDy\xEF\xBF\xBD|-]data."},
             Case{"form-data; name=a; filename=x; filename*=utf-8''%C3%A4%20b", "[a|ä b|-]data."},
             Case{"form-data; name=a; filename*=UTF-8'de'x.mp4; filename=y", "[a|x.mp4|-]data."},
             Case{"form-data; name=a; other=1; filename=\"a;b=c\"", "[a|a;b=c|-]data."},
         }) {
        EXPECT_EQ(read(with_disposition(value)), expected) << value;
    }
}

TEST(Multipart, RefusesMalformedDispositions) {
    for (std::string const value : {"",
                                    "form-data",
                                    "attachment; name=a",
                                    "form-data; filename=a",
                                    "form-data; name",
                                    "form-data; name=",
                                    "form-data; name =a",
                                    "form-data; name= a",
                                    "form-data; name=\"a",
                                    "form-data; name=\"a\\\"",
                                    "form-data; name=\"a\"b",
                                    "form-data name=a",
                                    "form-data; name=a b",
                                    "form-data, name=a",
                                    "form-data; name=a; name=b",
                                    "form-data; name=a; NAME=b",
                                    "form-data; name=a; filename=b; filename=b",
                                    "form-data; name=a; filename*=UTF-8''x; filename*=UTF-8''x",
                                    "form-data; name=a; x=1; x=2",
                                    "form-data; name=\"\xFF\"",
                                    "form-data; name=a; filename=b c",
                                    "form-data; name=a; filename=b/c",
                                    "form-data; name=a; filename*=x",
                                    "form-data; name=a; filename*=UTF-8'x",
                                    "form-data; name=a; filename*=\"UTF-8''x\"",
                                    "form-data; name=a; filename*=latin1''x",
                                    "form-data; name=a; filename*=UTF-8''%zz",
                                    "form-data; name=a; filename*=UTF-8''%FF",
                                    "form-data; name=a; filename*=UTF-8''%00",
                                    "form-data; name=a; filename*=UTF-8''a b",
                                    "form-data; name=\"a\x01\"",
                                    "form-data; name=\"a\x7F\""}) {
        EXPECT_TRUE(refuses(with_disposition(value))) << value;
    }
    EXPECT_TRUE(refuses(with_disposition("form-data; name=\"a\0\""s)));
    std::string many = "form-data; name=a";
    for (int i = 0; i < 15; ++i) many += "; p" + std::to_string(i) + "=1";
    EXPECT_FALSE(refuses(with_disposition(many)));
    EXPECT_TRUE(refuses(with_disposition(many + "; q=1")));
}

TEST(Multipart, RefusesMalformedHeaders) {
    std::string const disposition = "Content-Disposition: form-data; name=a";
    for (std::string const& header :
         {std::string("Content-Type: text/plain"), disposition + "\r\n" + disposition,
          disposition + "\r\nContent-Type: a/b\r\nContent-Type: a/b", disposition + "\r\nX", disposition + "\r\n: x",
          disposition + "\r\nX : y", disposition + ";\r\n filename=x", disposition + "\r\nX: a\nY: b",
          disposition + "\r\nX: a\rb", disposition + "\r\nX: \x01", " " + disposition,
          disposition + "\r\nContent-Transfer-Encoding: base64", disposition + "\r\nContent-Transfer-Encoding: ",
          disposition + "\r\nContent-Transfer-Encoding: 8bit\r\nContent-Transfer-Encoding: 8bit"}) {
        EXPECT_TRUE(refuses(with_header(header))) << header;
    }
    EXPECT_TRUE(refuses("--B\r\n\r\ndata\r\n--B--"));
    EXPECT_TRUE(refuses("--B\n" + disposition + "\n\ndata\n--B--"));
    for (std::string const encoding : {"binary", "8bit", "7BIT"}) {
        EXPECT_FALSE(refuses(with_header(disposition + "\r\nContent-Transfer-Encoding: " + encoding)));
    }
}

TEST(Multipart, LimitsAHeader) {
    auto const with_size = [](std::size_t size) {
        std::string header = "Content-Disposition: form-data; name=a\r\nX: ";
        return with_header(header + std::string(size - header.size(), 'x'));
    };
    EXPECT_EQ(read_whole(with_size(8192)), "[a|-|-]data.");
    EXPECT_NE(read_whole(with_size(8193)).find("too large"), std::string::npos);
    // As soon as it is passed.
    Transcript endless("B");
    endless.feed("--B\r\nX: " + std::string(8192 + 4 - 3, 'x'));
    EXPECT_NE(endless.finish().find("too large"), std::string::npos);
}

TEST(Multipart, LimitsTheParts) {
    std::string body;
    for (int i = 0; i < 100; ++i) body += "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
    EXPECT_TRUE(read_whole(body + "--B--").ends_with("."));
    body += "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
    EXPECT_NE(read_whole(body + "--B--").find("too many parts"), std::string::npos);
}

TEST(Multipart, GivesViewsIntoTheInput) {
    MultipartParser parser("B");
    std::string const header = "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n";
    EXPECT_EQ(parser.next(header).consumed, header.size());
    std::string const data = "abc\r\n--";
    auto const step = parser.next(data);
    EXPECT_EQ(step.data.data(), data.data());
    EXPECT_EQ(step.consumed, 3U);
    EXPECT_EQ(parser.next("\r\n--").consumed, 0U);
}

TEST(MultipartBoundary, IsReadFromTheContentType) {
    struct Case {
        std::string_view value, boundary;
    };
    for (auto const& [value, boundary] : {
             Case{"multipart/form-data; boundary=abc", "abc"},
             Case{"Multipart/Form-Data;charset=utf-8; BOUNDARY=\"a b:c\"", "a b:c"},
             Case{"multipart/form-data; boundary=----WebKitFormBoundaryX1", "----WebKitFormBoundaryX1"},
             Case{"multipart/form-data; boundary==_a/b:c=?(x)", "=_a/b:c=?(x)"},
             Case{
                 "multipart/form-data; boundary=1234567890123456789012345678901234567890123456789012345678901234567890",
                 "1234567890123456789012345678901234567890123456789012345678901234567890"},
         }) {
        auto const parsed = parse_boundary(value);
        ASSERT_TRUE(parsed) << value;
        EXPECT_EQ(*parsed, boundary);
    }
    for (std::string_view value : {"multipart/form-data", "multipart/form-data; boundary",
                                   "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"",
                                   "multipart/form-data; boundary=\"a \"",
                                   "multipart/form-data; boundary=a; boundary=a", "multipart/form-data; boundary=a&b",
                                   "multipart/form-data; boundary=\"a", "multipart/form-data; boundary=\"a\\\r\"",
                                   "multipart/form-data; boundary=\xC3\xA4", "multipart/form-data; x=y",
                                   "multipart/form-data; boundary="
                                   "12345678901234567890123456789012345678901234567890123456789012345678901"}) {
        auto const parsed = parse_boundary(value);
        ASSERT_FALSE(parsed) << value;
        EXPECT_EQ(parsed.error().code, ErrorCode::malformed_multipart);
    }
    for (std::string_view value :
         {"", "multipart/mixed; boundary=a", "text/plain", "multipart/form-dataX; boundary=a"}) {
        auto const parsed = parse_boundary(value);
        ASSERT_FALSE(parsed) << value;
        EXPECT_EQ(parsed.error().code, ErrorCode::unsupported_media_type);
    }
}

}  // namespace
}  // namespace clinikk::http
