#include "media/stream_clock.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "media/ac3_frame.hpp"
#include "media/audio_frame.hpp"

namespace clinikk::media {
namespace {

constexpr std::int64_t ticks_a_second = 90'000;

/// Audio: every frame states its length in bytes and in samples.
class FrameClock final : public StreamClock {
public:
    explicit FrameClock(FrameFormat const& format) : format_(format) {}

    void begin_packet(std::optional<std::int64_t> presentation, std::optional<std::int64_t> /*decoding*/) override {
        if (!presentation) return;
        stamp_ = presentation;
        stamp_is_for_later_ = !header_.empty();  // that frame began in the packet before
    }

    void feed(std::string_view payload) override {
        while (!payload.empty()) {
            auto const wanted = skip_ > 0 ? skip_ : format_.header_size - header_.size();
            auto const taken = std::min(wanted, payload.size());
            if (skip_ == 0) header_.append(payload.substr(0, taken));
            payload.remove_prefix(taken);
            if (skip_ > 0) {
                skip_ -= taken;
                if (skip_ == 0) end_frame();
            } else if (header_.size() == format_.header_size) {
                begin_frame();
            }
        }
    }

    void finish(bool /*whole*/) override {}

private:
    void begin_frame() {
        auto const frame = format_.read(header_);
        if (!frame || frame->length <= header_.size() || frame->sample_rate == 0) {
            header_.erase(0, 1);
            return;
        }
        if (stamp_ && !stamp_is_for_later_) {
            time_ = stamp_;
            stamp_.reset();
        }
        stamp_is_for_later_ = false;
        length_ = std::int64_t{frame->samples} * ticks_a_second / frame->sample_rate;
        skip_ = frame->length - header_.size();
        header_.clear();
    }

    void end_frame() {
        if (!time_) return;
        present(*time_, length_);
        *time_ += length_;
    }

    FrameFormat const& format_;
    std::string header_;
    std::size_t skip_ = 0;  ///< bytes of the frame that are still to come
    std::optional<std::int64_t> time_;
    std::int64_t length_ = 0;
    std::optional<std::int64_t> stamp_;
    bool stamp_is_for_later_ = false;
};

/// Each packet with a time stamp is a unit.
class UnitClock final : public StreamClock {
public:
    void begin_packet(std::optional<std::int64_t> presentation, std::optional<std::int64_t> decoding) override {
        if (!presentation) return;
        auto const order = decoding.value_or(*presentation);
        if (order_ && order > *order_) gap_ = order - *order_;
        commit();
        presentation_ = presentation;
        order_ = order;
    }

    void feed(std::string_view /*payload*/) override {}

    void finish(bool whole) override {
        if (whole) commit();
    }

private:
    void commit() {
        if (presentation_) present(*presentation_, gap_);
        presentation_.reset();
    }

    std::optional<std::int64_t> presentation_;  ///< of the current unit
    std::optional<std::int64_t> order_;
    std::int64_t gap_ = 0;
};

/// MPEG video (ISO/IEC 13818-2 section 6.2): several pictures may begin in one packet, and some packets with pictures
/// have no time stamp. Pictures are numbered in the order of their presentation within their group.
class PictureClock final : public StreamClock {
public:
    void begin_packet(std::optional<std::int64_t> presentation, std::optional<std::int64_t> decoding) override {
        fallback_.begin_packet(presentation, decoding);
        if (presentation) stamp_ = presentation;
        packet_begins_ = carry_.size();
    }

    void feed(std::string_view payload) override {
        constexpr std::string_view prefix("\0\0\1", 3);
        constexpr std::size_t longest_head = 8;  // of a sequence header, up to the rate of frames
        carry_.append(payload);
        std::string_view const bytes(carry_);
        auto at = bytes.find(prefix);
        while (at != std::string_view::npos && bytes.size() - at >= longest_head) {
            take(bytes.substr(at), at >= packet_begins_);
            at = bytes.find(prefix, at + 3);
        }
        auto const used = std::min(at, bytes.size() - std::min<std::size_t>(bytes.size(), 2));
        packet_begins_ -= std::min(packet_begins_, used);
        carry_.erase(0, used);
    }

    void finish(bool whole) override {
        fallback_.finish(whole);
        if (whole) commit();
        if (!begin() && fallback_.begin() && fallback_.end()) {
            present(*fallback_.begin(), *fallback_.end() - *fallback_.begin());
        }
    }

private:
    void take(std::string_view head, bool in_packet) {
        // In ticks for the codes 1 to 8, 24/1.001 to 60 frames a second.
        constexpr std::array<std::int64_t, 9> periods{0, 3754, 3750, 3600, 3003, 3000, 1800, 1502, 1500};
        auto const byte = [head](std::size_t at) { return static_cast<unsigned char>(head[at]); };
        auto const code = byte(3);
        if (code == 0x00) {
            commit();
            begin_picture(byte(4) << 2 | byte(5) >> 6, in_packet);
        } else if (code == 0xb3) {
            auto const rate = byte(7) & 15u;
            if (rate < periods.size() && rate > 0) period_ = periods[rate];
        } else if (code == 0xb8) {
            commit();
            group_ = end();
        }
    }

    void begin_picture(std::int64_t number, bool in_packet) {
        if (stamp_ && in_packet) {
            group_ = *stamp_ - number * period_;
            stamp_.reset();
        }
        if (group_) picture_ = *group_ + number * period_;
    }

    void commit() {
        if (picture_) present(*picture_, period_);
        picture_.reset();
    }

    UnitClock fallback_;  ///< for a stream that turns out not to be MPEG video
    std::string carry_;
    std::size_t packet_begins_ = 0;  ///< within `carry_`
    std::int64_t period_ = 0;
    std::optional<std::int64_t> stamp_;
    std::optional<std::int64_t> group_;    ///< when picture number 0 is presented
    std::optional<std::int64_t> picture_;  ///< when the current picture is presented
};

}  // namespace

void StreamClock::present(std::int64_t from, std::int64_t length) noexcept {
    begin_ = std::min(begin_.value_or(from), from);
    end_ = std::max(end_.value_or(from + length), from + length);
}

void ClockSpan::add(StreamClock const& clock) noexcept {
    if (!clock.end()) return;
    begin_ = std::min(begin_.value_or(*clock.begin()), *clock.begin());
    end_ = std::max(end_, clock.end());
}

std::optional<std::int64_t> ClockSpan::milliseconds() const noexcept {
    if (!begin_ || *end_ <= *begin_) return std::nullopt;
    return ((*end_ - *begin_) * 1000 + ticks_a_second / 2) / ticks_a_second;
}

std::unique_ptr<StreamClock> make_stream_clock(StreamCoding coding) {
    switch (coding) {
        case StreamCoding::mpeg_audio: return std::make_unique<FrameClock>(mpeg_audio_format);
        case StreamCoding::adts: return std::make_unique<FrameClock>(adts_format);
        case StreamCoding::ac3: return std::make_unique<FrameClock>(ac3_format);
        case StreamCoding::mpeg_video: return std::make_unique<PictureClock>();
        case StreamCoding::access_units: break;
    }
    return std::make_unique<UnitClock>();
}

}  // namespace clinikk::media
