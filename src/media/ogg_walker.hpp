#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "media/format_walker.hpp"

namespace clinikk::media {

/// Follows Ogg (RFC 3533) from page to page, and records for each logical stream the time at which its last whole page
/// ends (its granule position, which Vorbis, Opus, Speex, FLAC and Theora count in different ways). The links of a
/// chain add up. Bytes between pages are skipped.
///
/// All header pages are kept for ffprobe, which verifies their checksums, since the comments may contain covers.
///
/// `truncated`: the file ends inside a page, or a logical stream has no last page (end of stream).
class OggWalker final : public FormatWalker {
public:
    static constexpr std::size_t max_streams = 64;          ///< in a link of the chain; others are passed over
    static constexpr std::uint64_t max_headers = 64 << 20;  ///< bytes

    void feed(std::string_view bytes, KeptParts& kept) override;
    Walked finish(RandomBytes const& kept) override;

private:
    struct LogicalStream {
        std::uint32_t serial = 0;
        std::uint64_t rate = 0;  ///< units of time are `rate / scale` a second; 0: the codec is unknown
        std::uint64_t scale = 1;
        unsigned shift = 0;      ///< Theora: how many bits count the frames since the last key frame
        std::uint64_t skip = 0;  ///< Opus: samples that are not played
        std::int64_t end_ms = 0;
        bool ended = false;
    };

    static LogicalStream read_identification(std::string_view packet);
    static std::int64_t time_at(std::uint64_t granule, LogicalStream const& stream);

    std::size_t take(std::string_view rest);
    LogicalStream* find_stream(std::uint32_t serial);
    void begin_stream(std::uint32_t serial, std::string_view packet);
    void end_page();
    void keep_headers(KeptParts& kept);
    void end_link();

    std::string buffer_;          ///< bytes that have not been parsed yet
    std::uint64_t position_ = 0;  ///< of its first byte
    std::uint64_t skip_ = 0;      ///< bytes of the current page that are still to come
    std::uint32_t serial_ = 0;    ///< of the current page, like the next two
    std::uint64_t granule_ = 0;
    bool last_page_ = false;
    bool in_heading_ = false;  ///< the previous page began a logical stream
    bool playable_ = false;    ///< a whole page of media has been read
    bool known_ = false;       ///< the time of a stream is known
    bool headers_too_large_ = false;
    std::uint64_t kept_to_ = 0;
    std::uint64_t end_ = 0;
    std::int64_t past_links_ms_ = 0;
    std::vector<LogicalStream> streams_;  ///< of the current link
};

}  // namespace clinikk::media
