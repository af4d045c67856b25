#include "http/message/gzip.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

namespace clinikk::http {
namespace {

std::string gunzip(std::string bytes, std::size_t size) {
    std::string out(size + 1, '\0');
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    EXPECT_EQ(stream.avail_in, 0U);
    out.resize(stream.total_out);
    inflateEnd(&stream);
    return out;
}

TEST(Gzip, ComesBackTheSame) {
    std::string noise;
    std::uint32_t state = 1;
    for (int i = 0; i < 300'000; ++i) {
        state = state * 1664525 + 1013904223;
        noise += static_cast<char>(state >> 24);
    }
    for (auto const& text : {std::string(), std::string("a"), std::string(1'000'000, 'a'), noise}) {
        for (int level = 1; level <= 6; ++level) EXPECT_EQ(gunzip(gzip(text, level), text.size()), text);
    }
}

TEST(Gzip, IsSmallerAndRepeatable) {
    std::string const text(10'000, 'x');
    EXPECT_LT(gzip(text).size(), 100U);
    EXPECT_EQ(gzip(text), gzip(text));
    EXPECT_EQ(gzip(text).substr(0, 3), "\x1F\x8B\x08");
}

TEST(Gzip, RefusesOtherLevels) { EXPECT_THROW(gzip("x", 10), std::invalid_argument); }

}  // namespace
}  // namespace clinikk::http
