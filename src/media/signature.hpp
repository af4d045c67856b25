#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"

namespace clinikk::media {

/// The containers that are accepted.
enum class Container : std::uint8_t {
    iso_media,  ///< MP4, M4A, QuickTime and their kin
    matroska,   ///< with WebM
    mpeg_ts,
    mpeg_ps,
    avi,
    mpeg_audio,  ///< MP3 and its elder layers
    adts,        ///< AAC
    wav,
    flac,
    ogg,
    id3,  ///< ID3v2 or APE tags with one of mpeg_audio, adts or flac behind them
};

/// How many of the first bytes of a file `recognise` needs; all of a shorter file. MP3 and ADTS are found after up to
/// 64 KiB of other bytes, and it takes three frames to recognise them.
constexpr std::size_t signature_window = 64 * 1024 + 3 * 8 * 1024;

/// Recognises the container of a file by its first bytes, whatever its name and its claimed type are. Fails with
/// `media_unrecognised`, or with `media_unsupported` for formats that are known and not accepted.
Result<Container> recognise(std::string_view head);

/// The DocType of an EBML header (RFC 8794 section 11.2.4): `matroska`, `webm`; empty when there is none.
std::string_view doc_type(std::string_view head);

}  // namespace clinikk::media
