// The chunked transfer coding: the same bytes and the same end, however the input is cut.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/message/chunked.hpp"

using clinikk::http::ChunkedDecoder;
using Kind = ChunkedDecoder::Step::Kind;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

struct Decoded {
    Kind kind = Kind::need_more;
    std::string data{};
    std::size_t consumed = 0;
    std::string_view reason{};
    std::string trailer{};  ///< the fields of some names

    bool operator==(Decoded const&) const = default;
};

void feed(ChunkedDecoder& decoder, std::string_view input, Decoded& out) {
    do {
        auto const step = decoder.next(input);
        require(step.consumed <= input.size());
        if (step.kind == Kind::data) {
            require(!step.data.empty() && step.data.data() >= input.data());
            require(step.data.data() + step.data.size() == input.data() + step.consumed);
        }
        if (step.kind == Kind::need_more) require(step.consumed == input.size());
        input.remove_prefix(step.consumed);
        out.consumed += step.consumed;
        out.kind = step.kind;
        out.data += step.data;
        out.reason = step.reason;
    } while (out.kind == Kind::data);
}

Decoded decode(std::string_view input, std::size_t piece) {
    ChunkedDecoder decoder;
    Decoded out;
    for (std::size_t at = 0; at < input.size() && out.kind == Kind::need_more; at += piece) {
        feed(decoder, input.substr(at, piece), out);
    }
    for (auto const* name : {"A", "Digest", "Upload-Checksum"}) out.trailer.append(decoder.trailer(name)) += '\n';
    require(decoder.trailer("Content-Length").empty());
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size < 2) return 0;
    std::string_view const input(reinterpret_cast<char const*>(data + 1), size - 1);
    auto const whole = decode(input, input.size());
    require(whole.data.size() <= whole.consumed);
    require(decode(input, 1) == whole);
    require(decode(input, data[0] % 16U + 1U) == whole);
    if (whole.kind == Kind::end) require(input.substr(0, whole.consumed).ends_with("\r\n\r\n"));
    return 0;
}
