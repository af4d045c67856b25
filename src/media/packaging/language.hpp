#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace clinikk::media::packaging {

/// The language of a `mdhd` as BCP 47 writes it: `en`. `code` is ISO 639-2 in three times five bits (ISO/IEC 14496-12
/// section 8.4.2), or a language code of the Macintosh. Empty: undetermined.
std::string language_of(std::uint16_t code);

/// Whether `tag` looks like a language tag (RFC 5646): parts of letters and digits, of which the first are letters.
bool is_language_tag(std::string_view tag) noexcept;

/// The code of a `mdhd` for a language; that of `und` when it has none.
std::uint16_t language_code(std::string_view tag) noexcept;

}  // namespace clinikk::media::packaging
