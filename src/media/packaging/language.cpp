#include "media/packaging/language.hpp"

#include <algorithm>
#include <array>

namespace clinikk::media::packaging {
namespace {

struct Language {
    std::string_view tag;   // ISO 639-1
    std::string_view code;  // ISO 639-2/T
};

// BCP 47 wants the shortest code. Languages that are not here keep their three letters.
constexpr std::array languages{
    Language{"ar", "ara"}, Language{"as", "asm"}, Language{"bg", "bul"}, Language{"bn", "ben"}, Language{"bn", "ben"},
    Language{"ca", "cat"}, Language{"cs", "ces"}, Language{"cs", "cze"}, Language{"cy", "cym"}, Language{"da", "dan"},
    Language{"de", "deu"}, Language{"de", "ger"}, Language{"el", "ell"}, Language{"el", "gre"}, Language{"en", "eng"},
    Language{"es", "spa"}, Language{"et", "est"}, Language{"eu", "eus"}, Language{"fa", "fas"}, Language{"fa", "per"},
    Language{"fi", "fin"}, Language{"fr", "fra"}, Language{"fr", "fre"}, Language{"ga", "gle"}, Language{"gl", "glg"},
    Language{"gu", "guj"}, Language{"he", "heb"}, Language{"hi", "hin"}, Language{"hr", "hrv"}, Language{"hu", "hun"},
    Language{"id", "ind"}, Language{"is", "isl"}, Language{"it", "ita"}, Language{"ja", "jpn"}, Language{"kn", "kan"},
    Language{"ko", "kor"}, Language{"lt", "lit"}, Language{"lv", "lav"}, Language{"ml", "mal"}, Language{"mr", "mar"},
    Language{"ms", "msa"}, Language{"ne", "nep"}, Language{"nl", "nld"}, Language{"nl", "dut"}, Language{"no", "nor"},
    Language{"or", "ori"}, Language{"pa", "pan"}, Language{"pl", "pol"}, Language{"pt", "por"}, Language{"ro", "ron"},
    Language{"ro", "rum"}, Language{"ru", "rus"}, Language{"sa", "san"}, Language{"si", "sin"}, Language{"sk", "slk"},
    Language{"sk", "slo"}, Language{"sl", "slv"}, Language{"sq", "sqi"}, Language{"sr", "srp"}, Language{"sv", "swe"},
    Language{"sw", "swa"}, Language{"ta", "tam"}, Language{"te", "tel"}, Language{"th", "tha"}, Language{"tr", "tur"},
    Language{"uk", "ukr"}, Language{"ur", "urd"}, Language{"uz", "uzb"}, Language{"vi", "vie"}, Language{"zh", "zho"},
    Language{"zh", "chi"},
};

// Language codes of the Macintosh (QuickTime File Format, "Language Code Values"), from 0. English is also what writers
// put that know none, so it says nothing.
constexpr std::array<std::string_view, 15> macintosh{"",   "fr", "de", "it", "nl", "sv", "es", "da",
                                                     "pt", "no", "he", "ja", "ar", "fi", "el"};
constexpr std::uint16_t first_packed = 0x400;
constexpr std::uint16_t undetermined = 0x55c4;  // "und"

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::uint16_t pack(std::string_view code) noexcept {
    std::uint16_t packed = 0;
    for (auto const c : code) packed = static_cast<std::uint16_t>(packed << 5 | (c & 0x1f));
    return packed;
}

}  // namespace

std::string language_of(std::uint16_t code) {
    if (code < first_packed) return std::string(code < macintosh.size() ? macintosh[code] : "");
    std::string name;
    for (int shift = 10; shift >= 0; shift -= 5) name += static_cast<char>((code >> shift & 0x1f) + 0x60);
    if (!std::ranges::all_of(name, is_letter) || name == "und" || name == "mul" || name == "zxx") return {};
    auto const known = std::ranges::find(languages, name, &Language::code);
    return known == languages.end() ? name : std::string(known->tag);
}

bool is_language_tag(std::string_view tag) noexcept {
    auto const letters = std::ranges::find_if_not(tag, is_letter) - tag.begin();
    if (letters < 2 || letters > 8 || tag.size() > 35 || tag.back() == '-') return false;
    return std::ranges::all_of(tag, [](char c) { return is_letter(c) || c == '-' || (c >= '0' && c <= '9'); });
}

std::uint16_t language_code(std::string_view tag) noexcept {
    auto const primary = tag.substr(0, tag.find('-'));
    auto const known = std::ranges::find(languages, primary, &Language::tag);
    auto const code = known == languages.end() ? primary : known->code;
    bool const fits = code.size() == 3 && std::ranges::all_of(code, [](char c) { return c >= 'a' && c <= 'z'; });
    return fits ? pack(code) : undetermined;
}

}  // namespace clinikk::media::packaging
