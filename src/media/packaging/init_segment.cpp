#include "media/packaging/init_segment.hpp"

#include <array>
#include <cstdint>
#include <limits>

#include "media/packaging/box_writer.hpp"
#include "media/packaging/language.hpp"

namespace clinikk::media::packaging {
namespace {

constexpr std::uint32_t movie_timescale = 1000;
constexpr std::uint32_t normal = 0x10000;  // 1.0 as 16.16
constexpr std::uint32_t sync_flags = 0x0200'0000;
constexpr std::uint32_t other_flags = 0x0101'0000;
constexpr std::array<std::uint32_t, 9> unity{normal, 0, 0, 0, normal, 0, 0, 0, 0x4000'0000};

class InitWriter {
public:
    InitWriter(Track const& track, PlannedTrack const& plan) : track_(track), plan_(plan) {}

    std::string write() {
        out_.box("ftyp", [&] { out_.text("iso6").u32(0).text("iso6cmfc"); });
        out_.box("moov", [&] {
            movie_header();
            out_.box("trak", [&] {
                track_header();
                out_.box("edts", [&] { edit(); });
                out_.box("mdia", [&] { media(); });
            });
            out_.box("mvex", [&] { fragment_defaults(); });
        });
        return out_.take();
    }

private:
    bool is_video() const noexcept { return track_.kind == TrackKind::video; }

    void matrix(std::array<std::uint32_t, 9> const& values) {
        for (auto const value : values) out_.u32(value);
    }

    void movie_header() {
        out_.full_box("mvhd", 0, 0, [&] {
            out_.zeros(8).u32(movie_timescale).u32(0).u32(normal).u16(0x0100).zeros(10);
            matrix(unity);
            out_.zeros(24).u32(std::uint64_t{track_.id} + 1);
        });
    }

    // Rotation stays in the matrix: players turn the picture by it.
    void track_header() {
        auto const& source = *plan_.source;
        bool const has_size = source.width != 0 && source.height != 0;
        out_.full_box("tkhd", 0, 7, [&] {
            out_.zeros(8).u32(track_.id).zeros(8).zeros(8).u16(0).u16(0).u16(is_video() ? 0 : 0x0100).u16(0);
            matrix(source.matrix[8] != 0 ? source.matrix : unity);
            out_.u32(!is_video() ? 0 : has_size ? source.width : plan_.codec.width << 16);
            out_.u32(!is_video() ? 0 : has_size ? source.height : plan_.codec.height << 16);
        });
    }

    void edit() {
        bool const wide = track_.media_start > std::numeric_limits<std::int32_t>::max();
        out_.full_box("elst", wide ? 1 : 0, 0, [&] {
            auto const size = std::size_t{wide ? 8u : 4u};
            out_.u32(1).number(0, size).number(track_.media_start, size).u32(normal);
        });
    }

    void media() {
        out_.full_box("mdhd", 0, 0,
                      [&] { out_.zeros(8).u32(track_.timescale).u32(0).u16(language_code(track_.language)).u16(0); });
        if (track_.language.find('-') != std::string::npos) {
            out_.full_box("elng", 0, 0, [&] { out_.text(track_.language).zeros(1); });
        }
        out_.full_box("hdlr", 0, 0, [&] {
            out_.u32(0).text(is_video() ? "vide" : "soun").zeros(12).text(is_video() ? "Video" : "Audio").zeros(1);
        });
        out_.box("minf", [&] {
            if (is_video()) {
                out_.full_box("vmhd", 0, 1, [&] { out_.zeros(8); });
            } else {
                out_.full_box("smhd", 0, 0, [&] { out_.zeros(4); });
            }
            out_.box("dinf", [&] {
                out_.full_box("dref", 0, 0, [&] {
                    out_.u32(1);
                    out_.full_box("url ", 0, 1, [] {});
                });
            });
            out_.box("stbl", [&] { sample_tables(); });
        });
    }

    void sample_tables() {
        out_.full_box("stsd", 0, 0, [&] { out_.u32(1).text(plan_.codec.entry); });
        for (auto const* const table : {"stts", "stsc"}) {
            out_.full_box(table, 0, 0, [&] { out_.u32(0); });
        }
        out_.full_box("stsz", 0, 0, [&] { out_.u32(0).u32(0); });
        out_.full_box("stco", 0, 0, [&] { out_.u32(0); });
    }

    void fragment_defaults() {
        out_.full_box("trex", 0, 0, [&] {
            out_.u32(track_.id).u32(1).u32(track_.default_sample_duration).u32(track_.default_sample_size);
            out_.u32(is_video() ? other_flags : sync_flags);
        });
    }

    Track const& track_;
    PlannedTrack const& plan_;
    BoxWriter out_;
};

}  // namespace

std::string write_init_segment(Track const& track, PlannedTrack const& plan) { return InitWriter(track, plan).write(); }

}  // namespace clinikk::media::packaging
