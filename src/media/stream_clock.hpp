#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace clinikk::media {

/// How an elementary stream of MPEG-2 systems is divided into units that have a length.
enum class StreamCoding : std::uint8_t {
    mpeg_audio,
    adts,
    ac3,           ///< and Enhanced AC-3
    mpeg_video,    ///< MPEG-1 and MPEG-2
    access_units,  ///< any other: a packet with a time stamp is a unit and lasts until the next one
};

/// Follows the time of one elementary stream: only some units have time stamps; those of the others follow from their
/// lengths. All times are in units of 1/90000 second.
class StreamClock {
public:
    virtual ~StreamClock() = default;

    /// Begins a packet. Its time stamps, if it has any, are those of the first unit that begins in it.
    virtual void begin_packet(std::optional<std::int64_t> presentation, std::optional<std::int64_t> decoding) = 0;

    /// The next bytes of the stream.
    virtual void feed(std::string_view payload) = 0;

    /// Ends the stream. `whole`: the last unit is complete as far as its packet shows.
    virtual void finish(bool whole) = 0;

    /// When the first unit is presented; empty when there was no time stamp.
    std::optional<std::int64_t> begin() const noexcept { return begin_; }

    /// When the presentation of the last whole unit ends; empty when there is none.
    std::optional<std::int64_t> end() const noexcept { return end_; }

protected:
    void present(std::int64_t from, std::int64_t length) noexcept;

private:
    std::optional<std::int64_t> begin_;
    std::optional<std::int64_t> end_;
};

/// The span from the first unit of several streams to the end of the last.
class ClockSpan {
public:
    void add(StreamClock const& clock) noexcept;

    /// Empty when nothing has a length.
    std::optional<std::int64_t> milliseconds() const noexcept;

private:
    std::optional<std::int64_t> begin_;
    std::optional<std::int64_t> end_;
};

std::unique_ptr<StreamClock> make_stream_clock(StreamCoding coding);

}  // namespace clinikk::media
