#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace clinikk::media {

/// How an elementary stream of MPEG-2 systems is cut into units that have a length.
enum class StreamCoding : std::uint8_t {
    mpeg_audio,
    adts,
    ac3,           ///< and Enhanced AC-3
    mpeg_video,    ///< MPEG-1 and MPEG-2
    access_units,  ///< any other: a packet with a time stamp is a unit, and lasts until the next
};

/// Follows the time of one elementary stream: time stamps stand at some units only, the others' follow from their
/// lengths. All times are in units of 1/90000 second.
class StreamClock {
public:
    virtual ~StreamClock() = default;

    /// A packet begins; its time stamps, if it has any, are those of the first unit that begins in it.
    virtual void begin_packet(std::optional<std::int64_t> presentation, std::optional<std::int64_t> decoding) = 0;

    /// The next bytes of the stream.
    virtual void feed(std::string_view payload) = 0;

    /// Nothing follows. `whole`: the last unit is whole as far as its packet tells.
    virtual void finish(bool whole) = 0;

    /// When the first unit is presented. Empty: no time stamp has come.
    std::optional<std::int64_t> begin() const noexcept { return begin_; }

    /// When the presentation of the last whole unit ends. Empty: there is none.
    std::optional<std::int64_t> end() const noexcept { return end_; }

protected:
    void present(std::int64_t from, std::int64_t length) noexcept;

private:
    std::optional<std::int64_t> begin_;
    std::optional<std::int64_t> end_;
};

/// From the first unit of several streams to the end of the last.
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
