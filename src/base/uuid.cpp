#include "base/uuid.hpp"

#include <chrono>

#include "base/random.hpp"

namespace clinikk {
namespace {

Uuid version_7(std::uint8_t const* random10) {
    auto const now = std::chrono::system_clock::now().time_since_epoch();
    auto milliseconds = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    Uuid id;
    for (std::size_t i = 6; i-- > 0; milliseconds >>= 8) id.bytes[i] = static_cast<std::uint8_t>(milliseconds);
    for (std::size_t i = 0; i < 10; ++i) id.bytes[6 + i] = random10[i];
    id.bytes[6] = static_cast<std::uint8_t>(0x70 | (id.bytes[6] & 0x0f));
    id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3f));
    return id;
}

int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

constexpr bool dash_at(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

}  // namespace

void format_uuid(Uuid const& id, char* out) noexcept {
    constexpr char digits[] = "0123456789abcdef";
    std::size_t at = 0;
    for (auto const byte : id.bytes) {
        if (dash_at(at)) out[at++] = '-';
        out[at++] = digits[byte >> 4];
        out[at++] = digits[byte & 15];
    }
}

std::string Uuid::to_string() const {
    std::string text(36, '\0');
    format_uuid(*this, text.data());
    return text;
}

std::optional<Uuid> Uuid::from_string(std::string_view text) noexcept {
    if (text.size() != 36) return std::nullopt;
    Uuid id;
    std::size_t at = 0;
    for (auto& byte : id.bytes) {
        if (dash_at(at) && text[at++] != '-') return std::nullopt;
        int const high = hex_value(text[at]);
        int const low = hex_value(text[at + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        byte = static_cast<std::uint8_t>(high << 4 | low);
        at += 2;
    }
    return id;
}

Uuid UuidSource::next() {
    if (left_ < 10) {
        fill_random(random_);
        left_ = random_.size();
    }
    left_ -= 10;
    return version_7(random_.data() + left_);
}

Uuid new_uuid() {
    std::array<std::uint8_t, 10> random{};
    fill_random(random);
    return version_7(random.data());
}

}  // namespace clinikk
