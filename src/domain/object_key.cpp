#include "domain/object_key.hpp"

#include <algorithm>
#include <stdexcept>

namespace clinikk {
namespace {

constexpr std::size_t id_length = 36;
constexpr std::string_view folder_of_plain_keys = "objects";

bool is_lower_letter(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool is_letter_or_digit(char c) noexcept { return is_lower_letter(c) || (c >= '0' && c <= '9'); }

}  // namespace

bool is_write_id(std::string_view id) noexcept {
    auto const is_upper = [](char c) { return c >= 'A' && c <= 'F'; };
    return Uuid::from_string(id).has_value() && std::ranges::none_of(id, is_upper);
}

bool is_object_key(std::string_view key) noexcept {
    auto const slash = key.find('/');
    if (slash == key.npos || slash == 0 || slash > 16) return false;
    if (!std::ranges::all_of(key.substr(0, slash), is_lower_letter)) return false;
    auto const name = key.substr(slash + 1);
    if (!is_write_id(name.substr(0, id_length))) return false;
    if (name.size() == id_length) return key.substr(0, slash) == folder_of_plain_keys;
    return name.size() >= id_length + 2 && name.size() <= id_length + 6 && name[id_length] == '.' &&
           std::ranges::all_of(name.substr(id_length + 1), is_letter_or_digit);
}

Uuid id_of_object_key(std::string_view key) noexcept {
    if (!is_object_key(key)) return {};
    return Uuid::from_string(key.substr(key.find('/') + 1, id_length)).value();
}

void require_object_key(std::string_view key) {
    if (!is_object_key(key)) throw std::invalid_argument("not an object key");
}

}  // namespace clinikk
