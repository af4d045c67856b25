// All walkers of formats on hostile bytes, in pieces of every size: each must tell the same, in bounded memory, and
// within the file.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "media/tags.hpp"
#include "unit/media/walk.hpp"

using namespace clinikk::media;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const file(reinterpret_cast<char const*>(data), size);
    for (auto const container :
         {Container::iso_media, Container::matroska, Container::mpeg_ts, Container::mpeg_ps, Container::avi,
          Container::mpeg_audio, Container::adts, Container::wav, Container::flac, Container::ogg, Container::id3}) {
        auto const whole = walk(container, file, std::max<std::size_t>(size, 1));
        require(whole.walked.begin <= size && whole.walked.end <= size);
        require(!whole.walked.duration_ms || *whole.walked.duration_ms >= 0);
        for (std::size_t const piece : {std::size_t{1}, std::size_t{7}, std::size_t{64}}) {
            require(alike(walk(container, file, piece).walked, whole.walked));
        }
    }
    require(trailing_tags(MemoryBytes(file), size) <= size);
    recognise(file);
    return 0;
}
