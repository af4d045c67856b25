#include "media/format_walker.hpp"

#include <stdexcept>

#include "media/avi_walker.hpp"
#include "media/flac_walker.hpp"
#include "media/frame_walker.hpp"
#include "media/id3_walker.hpp"
#include "media/iso_media_walker.hpp"
#include "media/matroska_walker.hpp"
#include "media/mpeg_ps_walker.hpp"
#include "media/mpeg_ts_walker.hpp"
#include "media/ogg_walker.hpp"
#include "media/wav_walker.hpp"

namespace clinikk::media {

std::unique_ptr<FormatWalker> make_walker(Container container) {
    switch (container) {
        case Container::iso_media: return std::make_unique<IsoMediaWalker>();
        case Container::mpeg_audio: return std::make_unique<FrameWalker>(mpeg_audio_format);
        case Container::adts: return std::make_unique<FrameWalker>(adts_format);
        case Container::wav: return std::make_unique<WavWalker>();
        case Container::flac: return std::make_unique<FlacWalker>();
        case Container::ogg: return std::make_unique<OggWalker>();
        case Container::id3: return std::make_unique<Id3Walker>();
        case Container::matroska: return std::make_unique<MatroskaWalker>();
        case Container::mpeg_ts: return std::make_unique<MpegTsWalker>();
        case Container::mpeg_ps: return std::make_unique<MpegPsWalker>();
        case Container::avi: return std::make_unique<AviWalker>();
    }
    throw std::logic_error("a container without a walker");
}

}  // namespace clinikk::media
