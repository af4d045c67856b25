#include "http/endpoint/multipart_reader.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <string>

namespace clinikk::http {
namespace {

namespace asio = boost::asio;

/// Gives a text in pieces of one size; each piece lies in a buffer that the next one overwrites.
class PiecewiseSource : public ByteSource {
public:
    PiecewiseSource(std::string_view text, std::size_t size) : rest_(text), size_(size) {}

    Task<Result<std::string_view>> next() override {
        if (rest_.empty() && failure) co_return *failure;
        std::fill(piece_.begin(), piece_.end(), '#');
        piece_ = std::string(rest_.substr(0, size_));
        rest_.remove_prefix(piece_.size());
        co_return std::string_view(piece_);
    }

    bool holds(std::string_view view) const {
        return view.data() >= piece_.data() && view.data() + view.size() <= piece_.data() + piece_.size();
    }
    std::size_t left() const { return rest_.size(); }

    std::optional<Error> failure{};

private:
    std::string_view rest_;
    std::size_t size_;
    std::string piece_{};
};

/// Runs a coroutine to its end.
void run(std::function<Task<>()> const& work) {
    asio::io_context context;
    std::exception_ptr failure;
    asio::co_spawn(context, work(), [&failure](std::exception_ptr thrown) { failure = thrown; });
    context.run();
    if (failure) std::rethrow_exception(failure);
}

std::string part(std::string const& name, std::string const& data) {
    return "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + data + "\r\n";
}

std::string const end = "--B--\r\n";

Task<> read_all(MultipartReader& reader, std::string& out) {
    while (true) {
        auto const next = co_await reader.next_part();
        if (!next) {
            out += "!" + next.error().detail;
            co_return;
        }
        if (!*next) break;
        out += "[" + (*next)->name + "]";
        while (true) {
            auto const bytes = co_await reader.read();
            if (!bytes) {
                out += "!" + bytes.error().detail;
                co_return;
            }
            if (bytes->empty()) break;
            out += *bytes;
        }
    }
    out += ".";
}

std::string transcript(std::string const& body, std::size_t piece) {
    PiecewiseSource source(body, piece);
    MultipartReader reader(source, "B", 1);
    std::string out;
    run([&] { return read_all(reader, out); });
    return out;
}

TEST(MultipartReader, ReadsTheSameFromPiecesOfAnySize) {
    std::string data;
    for (int i = 0; i < 300; ++i) data += "line " + std::to_string(i) + "\r\n--" + (i % 3 == 0 ? "\r\n--A" : "\r");
    auto const body = "preamble\r\n" + part("a", "1") + part("long", data) + part("", "") + end + "epilogue";
    auto const expected = "[a]1[long]" + data + "[].";
    for (std::size_t piece = 1; piece < 300; ++piece) ASSERT_EQ(transcript(body, piece), expected) << piece;
    EXPECT_EQ(transcript(body, body.size()), expected);
}

TEST(MultipartReader, ReadsAHeaderLongerThanPieces) {
    std::string const fields = "X: " + std::string(8000, 'x') + "\r\nContent-Disposition: form-data; name=a";
    auto const body = "--B\r\n" + fields + "\r\n\r\ndata\r\n" + end;
    for (std::size_t const piece : {1, 7, 127, 128, 129, 4096, 8191, 8192, 10000}) {
        EXPECT_EQ(transcript(body, piece), "[a]data.") << piece;
    }
    auto const longer = "--B\r\nX: " + std::string(8300, 'x');
    for (std::size_t const piece : {1, 127, 8192, 10000}) {
        EXPECT_EQ(transcript(longer, piece), "!A part's header is too large.") << piece;
    }
}

TEST(MultipartReader, GivesTheSourcesOwnBytes) {
    auto const body = part("a", std::string(100'000, 'x') + "\r" + std::string(100'000, 'y')) + end;
    PiecewiseSource source(body, 4096);
    MultipartReader reader(source, "B", 65536);
    auto const check = [&]() -> Task<> {
        co_await reader.next_part();
        std::size_t own = 0;
        std::size_t copied = 0;
        while (true) {
            auto const bytes = (co_await reader.read()).value();
            if (bytes.empty()) break;
            (source.holds(bytes) ? own : copied) += bytes.size();
        }
        EXPECT_EQ(own + copied, 200'001U);
        EXPECT_LE(copied, 512U);
    };
    run(check);
}

TEST(MultipartReader, NoticesAnEarlyEnd) {
    auto const body = part("a", "data") + end;
    for (std::size_t size = 0; size < body.size() - 2; ++size) {
        for (std::size_t const piece : {1, 5, 1000}) {
            auto const text = transcript(body.substr(0, size), piece);
            EXPECT_NE(text.find("ended early"), std::string::npos) << size << text;
        }
    }
}

TEST(MultipartReader, PassesOnTheSourcesError) {
    for (auto const& body : {std::string(), part("a", "data").substr(0, 60), part("a", "data") + end}) {
        PiecewiseSource source(body, 10);
        source.failure = Error(ErrorCode::request_timeout);
        MultipartReader reader(source, "B", 65536);
        std::string out;
        run([&] { return read_all(reader, out); });
        EXPECT_TRUE(out.ends_with("!Request timed out")) << out;
    }
}

TEST(MultipartReader, ReadsTheBodyToItsEnd) {
    auto const body = part("a", "data") + end + std::string(5000, 'e');
    PiecewiseSource source(body, 100);
    MultipartReader reader(source, "B", 65536);
    std::string out;
    run([&] { return read_all(reader, out); });
    EXPECT_EQ(out, "[a]data.");
    EXPECT_EQ(source.left(), 0U);
    EXPECT_EQ(transcript(part("a", "data") + end + std::string(9000, 'e'), 100).substr(0, 8), "[a]data!");
}

Task<> read_part_b_only(MultipartReader& reader, std::string& out) {
    auto const before = co_await reader.read();
    out += "<" + std::string(before.value()) + ">";
    while (true) {
        auto const next = co_await reader.next_part();
        if (!next.value()) break;
        if (next.value()->name != "b") continue;
        auto const text = co_await reader.read_text(3);
        auto const behind = co_await reader.read();
        out += text.value() + "<" + std::string(behind.value()) + ">";
    }
    auto const again = co_await reader.next_part();
    auto const behind = co_await reader.read();
    out += again.value() ? "more" : "end";
    out += "<" + std::string(behind.value()) + ">";
}

TEST(MultipartReader, SkipsWhatIsNotRead) {
    auto const body = part("a", std::string(1000, 'x')) + part("b", "yes") + part("c", "unread") + end;
    for (std::size_t const piece : {1, 50, 5000}) {
        PiecewiseSource source(body, piece);
        MultipartReader reader(source, "B", 65536);
        std::string out;
        run([&] { return read_part_b_only(reader, out); });
        EXPECT_EQ(out, "<>yes<>end<>");
    }
}

TEST(MultipartReader, LimitsATextField) {
    auto const body = part("title", "12345") + end;
    for (std::size_t const piece : {1, 5000}) {
        PiecewiseSource source(body, piece);
        MultipartReader reader(source, "B", 65536);
        auto const check = [&]() -> Task<> {
            co_await reader.next_part();
            auto const text = co_await reader.read_text(4);
            EXPECT_FALSE(text);
            if (text) co_return;
            EXPECT_EQ(text.error().code, ErrorCode::body_too_large);
            EXPECT_EQ(text.error().detail, "The field \"title\" is larger than 4 bytes");
        };
        run(check);
    }
}

}  // namespace
}  // namespace clinikk::http
