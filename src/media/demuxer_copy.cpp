#include "media/demuxer_copy.hpp"

namespace clinikk::media {

void DemuxerCopy::append(std::string_view packet, KeptParts& kept) {
    constexpr std::size_t enough = 64 << 10;
    if (is_full()) return;
    gathered_.append(packet);
    if (gathered_.size() >= enough) flush(kept);
}

void DemuxerCopy::flush(KeptParts& kept) {
    if (gathered_.empty()) return;
    kept.write_at(written_, gathered_);
    written_ += gathered_.size();
    gathered_.clear();
}

}  // namespace clinikk::media
