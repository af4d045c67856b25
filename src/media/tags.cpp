#include "media/tags.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "media/little_endian.hpp"

namespace clinikk::media {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t id3v1_size = 128;
constexpr std::size_t enhanced_size = 227;  // TAG+
constexpr std::size_t ape_header_size = 32;
constexpr std::size_t id3v2_header_size = 10;
constexpr std::size_t lyrics_v1_limit = 5100;

// Four bytes of seven bits (ID3v2.4 section 6.2); empty when they are none.
std::optional<std::uint32_t> synchsafe(std::string_view bytes) noexcept {
    std::uint32_t value = 0;
    for (char const c : bytes.substr(0, 4)) {
        auto const byte = static_cast<unsigned char>(c);
        if (byte > 0x7f) return std::nullopt;
        value = value << 7 | byte;
    }
    return value;
}

// The size that an ID3v2 header or footer states for the tag without the two.
std::optional<std::uint32_t> id3v2_payload(std::string_view header, std::string_view magic) noexcept {
    if (header.size() < id3v2_header_size || !header.starts_with(magic)) return std::nullopt;
    bool const version = static_cast<unsigned char>(header[3]) < 0xff && static_cast<unsigned char>(header[4]) < 0xff;
    return version ? synchsafe(header.substr(6)) : std::nullopt;
}

// An APE tag's header or footer (APEv2 specification): its size counts the items and the footer.
struct ApeTag {
    std::uint64_t size = 0;
    bool has_header = false;
    bool is_header = false;
};

std::optional<ApeTag> ape_tag(std::string_view bytes) noexcept {
    if (bytes.size() < ape_header_size || !bytes.starts_with("APETAGEX")) return std::nullopt;
    auto const version = load_little_endian(bytes.substr(8), 4);
    auto const flags = version < 2000 ? 0 : load_little_endian(bytes.substr(20), 4);
    ApeTag const tag{load_little_endian(bytes.substr(12), 4), (flags & 1u << 31) != 0, (flags & 1u << 29) != 0};
    return tag.size < ape_header_size ? std::nullopt : std::optional(tag);
}

/// The bytes before the tags found so far.
class Ending {
public:
    Ending(RandomBytes const& bytes, std::uint64_t end) : bytes_(bytes), end_(end) {}

    std::uint64_t end() const noexcept { return end_; }

    // The `count` bytes that begin `distance` before the end; empty when the file is too short.
    std::string text(std::uint64_t distance, std::size_t count) const {
        if (distance > end_) return {};
        std::string text(count, '\0');
        bytes_.read_at(end_ - distance, text);
        return text;
    }

    bool remove(std::uint64_t length) noexcept {
        if (length == 0 || length > end_) return false;
        end_ -= length;
        return true;
    }

private:
    RandomBytes const& bytes_;
    std::uint64_t end_;
};

bool remove_id3v1(Ending& ending) {
    if (ending.text(id3v1_size, 3) != "TAG") return false;
    ending.remove(id3v1_size);
    if (ending.text(enhanced_size, 4) == "TAG+") ending.remove(enhanced_size);
    return true;
}

bool remove_ape(Ending& ending) {
    auto const tag = ape_tag(ending.text(ape_header_size, ape_header_size));
    return tag && !tag->is_header && ending.remove(tag->size + (tag->has_header ? ape_header_size : 0));
}

bool remove_id3v2(Ending& ending) {
    auto const payload = id3v2_payload(ending.text(id3v2_header_size, id3v2_header_size), "3DI"sv);
    return payload && ending.remove(*payload + 2 * id3v2_header_size);
}

bool remove_lyrics(Ending& ending) {
    auto const mark = ending.text(9, 9);
    if (mark == "LYRICS200") {
        auto const digits = ending.text(15, 6);
        if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) return false;
        return ending.remove(std::stoul(digits) + 15);
    }
    if (mark != "LYRICSEND") return false;
    auto const reach = static_cast<std::size_t>(std::min<std::uint64_t>(lyrics_v1_limit + 20, ending.end()));
    auto const found = ending.text(reach, reach).rfind("LYRICSBEGIN");
    return found != std::string::npos && ending.remove(reach - found);
}

}  // namespace

std::optional<std::uint64_t> leading_tag(std::string_view bytes) noexcept {
    if (auto const payload = id3v2_payload(bytes, "ID3"sv)) {
        bool const footer = (static_cast<unsigned char>(bytes[5]) & 0x10) != 0;
        return std::uint64_t{*payload} + (footer ? 2 : 1) * id3v2_header_size;
    }
    auto const ape = ape_tag(bytes);
    if (ape && ape->is_header) return ape->size + ape_header_size;
    return std::nullopt;
}

std::uint64_t trailing_tags(RandomBytes const& bytes, std::uint64_t size) {
    constexpr int most = 16;
    Ending ending(bytes, size);
    for (int i = 0; i < most; ++i) {
        bool const removed =
            remove_id3v1(ending) || remove_ape(ending) || remove_lyrics(ending) || remove_id3v2(ending);
        if (!removed) break;
    }
    return ending.end();
}

}  // namespace clinikk::media
