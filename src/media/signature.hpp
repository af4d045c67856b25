#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"

namespace clinikk::media {

/// The wrappings that are accepted.
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
    id3,  ///< an ID3v2 tag with one of mpeg_audio, adts or flac behind it
};

/// How many of a file's first bytes `recognise` wants to see: all of a shorter file.
constexpr std::size_t signature_window = 16 * 1024;

/// The container of a file by its first bytes, whatever its name and its claimed type are.
/// Errors: `media_unrecognised`; `media_unsupported` for formats that are known and not accepted.
Result<Container> recognise(std::string_view head);

/// How long the file is at least, according to its own first bytes: the size of the RIFF chunk or of the Matroska
/// segment. Empty when they do not say.
std::optional<std::uint64_t> declared_end(Container container, std::string_view head);

/// The DocType of an EBML header (RFC 8794 section 11.2.4): `matroska`, `webm`; empty when there is none.
std::string_view doc_type(std::string_view head);

}  // namespace clinikk::media
