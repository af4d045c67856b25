#pragma once

#include <array>
#include <string_view>

namespace clinikk {

/// The names of one media format.
struct MediaFormat {
    std::string_view extension;   ///< of file names, without the dot
    std::string_view media_type;  ///< as it is served (RFC 6838)

    bool operator==(MediaFormat const&) const = default;
};

/// The formats of the library. All code that names a media format takes the name from here.
namespace media_format {

inline constexpr MediaFormat mp4{"mp4", "video/mp4"};
inline constexpr MediaFormat m4a{"m4a", "audio/mp4"};
inline constexpr MediaFormat mov{"mov", "video/quicktime"};
inline constexpr MediaFormat webm{"webm", "video/webm"};
inline constexpr MediaFormat webm_audio{"webm", "audio/webm"};
inline constexpr MediaFormat mkv{"mkv", "video/x-matroska"};
inline constexpr MediaFormat mka{"mka", "audio/x-matroska"};
inline constexpr MediaFormat ts{"ts", "video/mp2t"};
inline constexpr MediaFormat mpg{"mpg", "video/mpeg"};
inline constexpr MediaFormat avi{"avi", "video/x-msvideo"};
inline constexpr MediaFormat mp3{"mp3", "audio/mpeg"};
inline constexpr MediaFormat aac{"aac", "audio/aac"};
inline constexpr MediaFormat wav{"wav", "audio/wav"};
inline constexpr MediaFormat flac{"flac", "audio/flac"};
inline constexpr MediaFormat ogv{"ogv", "video/ogg"};
inline constexpr MediaFormat ogg{"ogg", "audio/ogg"};
inline constexpr MediaFormat opus{"opus", "audio/ogg"};

/// The format of bytes that nobody has examined.
inline constexpr MediaFormat unknown{"bin", "application/octet-stream"};

inline constexpr std::array all{mp4, m4a, mov, webm, webm_audio, mkv, mka, ts,  mpg,
                                avi, mp3, aac, wav,  flac,       ogv, ogg, opus};

}  // namespace media_format

/// The format that a file name or a key claims by its extension, in either case; `media_format::unknown` if it claims
/// none. If several formats share the extension, it is the first of them.
MediaFormat claimed_format(std::string_view name) noexcept;

/// The extension for a file of that media type, without the dot; empty when no format of the library has it.
std::string_view extension_of(std::string_view media_type) noexcept;

}  // namespace clinikk
