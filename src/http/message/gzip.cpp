#include "http/message/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <stdexcept>

namespace clinikk::http {
namespace {

/// A zlib stream that ends with its scope.
class Deflater {
public:
    explicit Deflater(int level) {
        constexpr int window_bits = 15;
        constexpr int gzip_format = 16;
        constexpr int memory_level = 8;
        auto const status =
            deflateInit2(&stream, level, Z_DEFLATED, window_bits + gzip_format, memory_level, Z_DEFAULT_STRATEGY);
        if (status == Z_MEM_ERROR) throw std::bad_alloc();
        if (status != Z_OK) throw std::invalid_argument("zlib takes no such level");
    }
    Deflater(Deflater const&) = delete;
    Deflater& operator=(Deflater const&) = delete;
    ~Deflater() { deflateEnd(&stream); }

    z_stream stream{};
};

}  // namespace

std::string gzip(std::string_view bytes, int level) {
    constexpr std::size_t most = std::numeric_limits<uInt>::max();
    Deflater deflater(level);
    auto& stream = deflater.stream;
    std::string out(deflateBound(&stream, bytes.size()), '\0');
    std::size_t written = 0;
    int status = Z_OK;
    while (status != Z_STREAM_END) {
        // zlib counts in 32 bits and does not write to its input.
        auto const piece = std::min(bytes.size(), most);
        auto const room = std::min(out.size() - written, most);
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        stream.avail_in = static_cast<uInt>(piece);
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + written);
        stream.avail_out = static_cast<uInt>(room);
        status = deflate(&stream, piece == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
        if (status != Z_OK && status != Z_STREAM_END) throw std::logic_error("zlib could not compress");
        bytes.remove_prefix(piece - stream.avail_in);
        written += room - stream.avail_out;
    }
    out.resize(written);
    return out;
}

std::string gunzip(std::string_view bytes) {
    constexpr int window_bits = 15;
    constexpr int gzip_format = 16;
    z_stream stream{};
    if (inflateInit2(&stream, window_bits + gzip_format) != Z_OK) throw std::bad_alloc();
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    std::string out;
    std::array<char, 64 * 1024> piece;
    int status = Z_OK;
    while (status == Z_OK) {
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = piece.size();
        status = inflate(&stream, Z_NO_FLUSH);
        out.append(piece.data(), piece.size() - stream.avail_out);
    }
    inflateEnd(&stream);
    if (status != Z_STREAM_END) throw std::runtime_error("the gzip data is not whole");
    return out;
}

}  // namespace clinikk::http
