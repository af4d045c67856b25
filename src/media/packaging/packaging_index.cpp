#include "media/packaging/packaging_index.hpp"

#include <algorithm>
#include <utility>

#include "base/encoding.hpp"
#include "media/packaging/index_format.hpp"

namespace clinikk::media::packaging {
namespace {

constexpr std::size_t smallest_segment = 9;  // bytes of a directory entry
constexpr std::size_t smallest_track = 20;

Error damaged() { return Error(ErrorCode::internal); }

}  // namespace

Result<std::shared_ptr<PackagingIndex const>> PackagingIndex::parse(std::string bytes) {
    std::shared_ptr<PackagingIndex> index(new PackagingIndex());
    index->bytes_ = std::move(bytes);
    try {
        index->read();
    } catch (DamagedPackagingIndex const&) {
        return damaged();
    }
    index->digest_ = to_hex(Sha256::of(index->bytes_));
    return std::shared_ptr<PackagingIndex const>(std::move(index));
}

void PackagingIndex::read() {
    IndexReader in(bytes_);
    if (in.raw(index_magic.size()) != index_magic || in.fixed(2) != version) throw DamagedPackagingIndex();
    auto const flags = in.fixed(2);
    auto const count = in.fixed(4);
    source_size_ = in.fixed(8);
    std::ranges::copy(in.raw(source_sha256_.size()), source_sha256_.begin());
    if (in.fixed(8) != bytes_.size() || source_size_ > max_time) throw DamagedPackagingIndex();
    independent_segments_ = (flags & index_flag_independent) != 0;
    if ((flags & index_flag_fast_start) != 0) fast_start_ = read_fast_start(in, source_size_);
    if (count == 0 || count > in.left() / smallest_track) throw DamagedPackagingIndex();
    for (auto left = count; left > 0; --left) read_one(in);
    if (in.left() != 0) throw DamagedPackagingIndex();
}

// The track, its directory, and then the blobs of its segments in the same order.
void PackagingIndex::read_one(IndexReader& in) {
    auto track = read_track(in);
    auto const count = in.number(in.left() / smallest_segment);
    std::vector<Blob> blobs;
    for (std::size_t i = 0; i < count; ++i) {
        Segment segment;
        auto const* const previous = track.segments.empty() ? nullptr : &track.segments.back();
        blobs.push_back({.length = read_segment(in, segment, previous, track.silence.size())});
        track.segments.push_back(segment);
    }
    for (auto& blob : blobs) {
        blob.offset = bytes_.size() - in.left();
        in.raw(blob.length);
    }
    tracks_.push_back(std::move(track));
    blobs_.push_back(std::move(blobs));
}

std::size_t PackagingIndex::memory() const noexcept {
    auto size = sizeof(*this) + bytes_.capacity() + digest_.capacity();
    for (auto const& track : tracks_) {
        size += sizeof(track) + track.init.capacity() + track.segments.capacity() * (sizeof(Segment) + sizeof(Blob));
    }
    if (fast_start_) {
        size += fast_start_->tables.capacity() * sizeof(FastStart::OffsetTable) +
                fast_start_->boxes.capacity() * sizeof(Run);
    }
    return size;
}

Result<SegmentSamples> PackagingIndex::samples(std::size_t track, std::size_t segment) const {
    if (track >= tracks_.size() || segment >= tracks_[track].segments.size()) return Error(ErrorCode::not_found);
    auto const& described = tracks_[track];
    auto const& blob = blobs_[track][segment];
    try {
        return read_samples(std::string_view(bytes_).substr(blob.offset, blob.length), described,
                            described.segments[segment], source_size_);
    } catch (DamagedPackagingIndex const&) {
        return damaged();
    }
}

}  // namespace clinikk::media::packaging
