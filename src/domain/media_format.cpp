#include "domain/media_format.hpp"

#include <algorithm>

namespace clinikk {
namespace {

/// Further extensions that other programs use for the accepted formats.
struct Alias {
    std::string_view extension;
    MediaFormat format;
};

constexpr std::array aliases{
    Alias{"m4v", media_format::mp4},
    Alias{"mpeg", media_format::mpg},
    Alias{"oga", media_format::ogg},
};

bool same_letters(std::string_view text, std::string_view lower) {
    return std::ranges::equal(
        text, lower, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b; });
}

}  // namespace

MediaFormat claimed_format(std::string_view name) noexcept {
    auto const dot = name.rfind('.');
    if (dot == std::string_view::npos) return media_format::unknown;
    auto const extension = name.substr(dot + 1);
    for (auto const& format : media_format::all) {
        if (same_letters(extension, format.extension)) return format;
    }
    for (auto const& alias : aliases) {
        if (same_letters(extension, alias.extension)) return alias.format;
    }
    return media_format::unknown;
}

std::string_view extension_of(std::string_view media_type) noexcept {
    auto const* const found = std::ranges::find(media_format::all, media_type, &MediaFormat::media_type);
    return found == media_format::all.end() ? std::string_view() : found->extension;
}

}  // namespace clinikk
