#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "media/packaging/index_format.hpp"
#include "media/packaging/packaging_index.hpp"

/// Indexes of tracks that tests describe.
namespace clinikk::media::packaging {

/// A track, and the samples of each of its segments.
struct HandMadeTrack {
    Track track{};
    std::vector<SegmentSamples> samples{};
    std::uint64_t next_decode_time = 0;
    std::uint64_t next_byte = 100;

    /// Adds a segment from `start` on with samples of these sizes and one duration. The first is a sync sample, and
    /// every `key_interval`th after it.
    void add(std::int64_t start, std::uint32_t duration, std::vector<std::uint32_t> const& sizes,
             std::uint32_t sample_duration, std::size_t key_interval = 1000) {
        SegmentSamples all;
        Segment segment{.decode_time = next_decode_time, .start = start, .duration = duration};
        segment.first_byte = next_byte;
        for (std::size_t i = 0; i < sizes.size(); ++i) {
            bool const is_sync = i % key_interval == 0;
            all.samples.push_back({sizes[i], sample_duration, static_cast<std::uint32_t>(track.media_start), is_sync});
            segment.payload += sizes[i];
            segment.key_frames += is_sync ? 1 : 0;
            next_decode_time += sample_duration;
        }
        segment.samples = static_cast<std::uint32_t>(sizes.size());
        segment.span = segment.payload;
        all.runs = {{next_byte, segment.payload}};
        next_byte += segment.payload;
        track.segments.push_back(segment);
        samples.push_back(std::move(all));
    }
};

/// The bytes of an index of these tracks (docs/packaging-index.md).
inline std::string index_bytes(std::vector<HandMadeTrack> const& tracks, bool is_independent = true) {
    IndexWriter body;
    for (auto const& each : tracks) {
        auto const& track = each.track;
        auto const& samples = each.samples;
        write_track(body, track);
        body.number(track.segments.size());
        IndexWriter blobs;
        for (std::size_t i = 0; i < samples.size(); ++i) {
            auto const begin = blobs.size();
            write_samples(blobs, track.segments[i], samples[i], track.silence.size());
            write_segment(body, track.segments[i], i > 0 ? &track.segments[i - 1] : nullptr, track.silence.size(),
                          blobs.size() - begin);
        }
        body.raw(blobs.bytes());
    }
    IndexWriter index;
    index.raw(index_magic);
    index.fixed(PackagingIndex::version, 2);
    index.fixed(is_independent ? index_flag_independent : 0, 2);
    index.fixed(tracks.size(), 4);
    index.fixed(1'000'000, 8);
    index.raw(std::string(32, 'h'));
    index.fixed(index_header_size + body.size(), 8);
    index.raw(body.bytes());
    return index.bytes();
}

inline std::shared_ptr<PackagingIndex const> index_of(std::vector<HandMadeTrack> const& tracks,
                                                      bool is_independent = true) {
    return PackagingIndex::parse(index_bytes(tracks, is_independent)).value();
}

/// 10 s of 2 pictures a second with a key frame every two seconds, 80 ms of composition offset.
inline HandMadeTrack film() {
    HandMadeTrack film{{.kind = TrackKind::video, .id = 1, .timescale = 1000, .codec = "avc1.64001f"}};
    film.track.width = 640;
    film.track.height = 360;
    film.track.frame_rate_milli = 2000;
    film.track.media_start = 80;
    film.track.peak_bit_rate = 1500;
    film.track.average_bit_rate = 1200;
    film.add(0, 4000, {100, 20, 20, 20, 90, 20, 20, 20}, 500, 4);
    film.add(4000, 4000, {110, 20, 20, 20, 90, 20, 20, 20}, 500, 4);
    film.add(8000, 2000, {120, 20, 20, 20}, 500, 4);
    return film;
}

/// 10 s of audio with 1024 units of priming.
inline HandMadeTrack speech(std::uint32_t id = 2) {
    HandMadeTrack speech{{.kind = TrackKind::audio, .id = id, .timescale = 48000, .codec = "mp4a.40.2"}};
    speech.track.channels = 2;
    speech.track.sample_rate = 48000;
    speech.track.media_start = 1024;
    speech.track.peak_bit_rate = 300;
    speech.track.average_bit_rate = 200;
    speech.add(-1024, 192512, {10, 10}, 96256);
    speech.add(191488, 192512, {10, 10}, 96256);
    speech.add(384000, 96000, {10}, 96000);
    return speech;
}

}  // namespace clinikk::media::packaging
