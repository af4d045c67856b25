#include "http/message/headers.hpp"

#include <algorithm>

#include "http/message/syntax.hpp"

namespace clinikk::http {
namespace {

constexpr bool is_control(char c) noexcept { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; }

}  // namespace

void HeaderBlock::add(std::string_view name, std::string_view value) {
    if (text_.capacity() == 0) text_.reserve(1024);
    text_ += name;
    text_ += ": ";
    if (std::ranges::none_of(value, is_control)) {
        text_ += value;
    } else {
        std::ranges::remove_copy_if(value, std::back_inserter(text_), is_control);
    }
    text_ += "\r\n";
}

void HeaderBlock::weaken_etag() {
    auto const tag = find("ETag");
    if (tag && tag->starts_with('"')) text_.insert(static_cast<std::size_t>(tag->data() - text_.data()), "W/");
}

std::optional<std::string_view> HeaderBlock::find(std::string_view name) const noexcept {
    std::string_view rest = text_;
    while (!rest.empty()) {
        auto const line = rest.substr(0, rest.find("\r\n"));
        auto const colon = line.find(':');
        if (same_ignoring_case(line.substr(0, colon), name)) return line.substr(colon + 2);
        rest.remove_prefix(line.size() + 2);
    }
    return std::nullopt;
}

}  // namespace clinikk::http
