#include "http/message/structured_fields.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "http/message/syntax.hpp"

namespace clinikk::http {
namespace {

using Kind = StructuredValue::Kind;

/// The most members that every reader takes (RFC 9651 section 3.2). One key is looked for among all before it.
constexpr std::size_t max_members = 1024;

constexpr bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
constexpr bool is_letter(char c) noexcept { return is_lower(lower(c)); }

/// Base64 with or without padding (RFC 9651 section 4.2.7).
std::optional<std::string> decode_base64(std::string_view text) {
    std::string url_safe(text.substr(0, text.find('=')));
    auto const padding = text.substr(url_safe.size());
    if (padding.size() > 2 || padding.find_first_not_of('=') != padding.npos) return std::nullopt;
    if (!padding.empty() && text.size() % 4 != 0) return std::nullopt;
    if (url_safe.find_first_of("-_") != url_safe.npos) return std::nullopt;
    std::ranges::replace(url_safe, '+', '-');
    std::ranges::replace(url_safe, '/', '_');
    return from_base64url(url_safe);
}

/// Reads the value of a field from its beginning on. Each `take_` returns whether the text was of that form.
class Reader {
public:
    explicit Reader(std::string_view text) noexcept : rest_(text) { skip_spaces(); }

    bool take_item(StructuredValue& value) { return take_bare_item(value) && take_parameters(); }

    /// An Item or an Inner List.
    bool take_member(StructuredValue& value) {
        if (!rest_.starts_with('(')) return take_item(value);
        value = {};
        return take_inner_list() && take_parameters();
    }

    bool take_key(std::string& key) {
        if (rest_.empty() || !(is_lower(rest_[0]) || rest_[0] == '*')) return false;
        key = take_while([](char c) {
            return is_lower(c) || is_digit(c) || std::string_view("_-.*").find(c) != std::string_view::npos;
        });
        return true;
    }

    bool take_parameters() {
        while (take(';')) {
            skip_spaces();
            std::string key;
            if (!take_key(key)) return false;
            StructuredValue ignored;
            if (take('=') && !take_bare_item(ignored)) return false;
        }
        return true;
    }

    bool take(char c) noexcept {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    void skip_spaces() noexcept { rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size())); }
    void skip_blanks() noexcept { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }

    bool at_end() const noexcept { return rest_.empty(); }
    bool ends_here() noexcept {
        skip_spaces();
        return at_end();
    }

private:
    template <class Predicate>
    std::string_view take_while(Predicate belongs) noexcept {
        auto const end = std::ranges::find_if_not(rest_, belongs);
        auto const taken = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
        rest_.remove_prefix(taken.size());
        return taken;
    }

    bool take_bare_item(StructuredValue& value) {
        value = {};
        if (rest_.empty()) return false;
        char const first = rest_[0];
        if (first == '-' || is_digit(first)) return take_number(value);
        if (first == '"') return take_string();
        if (first == '*' || is_letter(first)) return take_token();
        if (first == ':') return take_bytes(value);
        if (first == '?') return take_boolean(value);
        if (first == '@') return take_date();
        return rest_.starts_with("%\"") && take_display_string();
    }

    bool take_number(StructuredValue& value) {
        bool const negative = take('-');
        auto const whole = take_while(is_digit);
        if (whole.empty() || whole.size() > 15) return false;
        if (take('.')) {
            auto const fraction = take_while(is_digit);
            return whole.size() <= 12 && !fraction.empty() && fraction.size() <= 3;
        }
        value.kind = Kind::integer;
        value.integer = static_cast<std::int64_t>(*parse_digits(whole));
        if (negative) value.integer = -value.integer;
        return true;
    }

    bool take_string() {
        take('"');
        while (!rest_.empty()) {
            char const c = rest_[0];
            rest_.remove_prefix(1);
            if (c == '"') return true;
            if (c < ' ' || c > '~') return false;
            if (c == '\\' && !take('"') && !take('\\')) return false;
        }
        return false;
    }

    bool take_token() {
        take_while([](char c) { return is_token_char(c) || c == ':' || c == '/'; });
        return true;
    }

    bool take_bytes(StructuredValue& value) {
        take(':');
        auto const end = rest_.find(':');
        if (end == rest_.npos) return false;
        auto bytes = decode_base64(rest_.substr(0, end));
        if (!bytes) return false;
        rest_.remove_prefix(end + 1);
        value.kind = Kind::bytes;
        value.bytes = std::move(*bytes);
        return true;
    }

    bool take_boolean(StructuredValue& value) {
        take('?');
        value.kind = Kind::boolean;
        value.boolean = rest_.starts_with('1');
        return take('1') || take('0');
    }

    bool take_date() {
        take('@');
        StructuredValue seconds;
        return take_number(seconds) && seconds.kind == Kind::integer;
    }

    /// Its octets are checked; whether they are UTF-8 matters to nobody who ignores them.
    bool take_display_string() {
        rest_.remove_prefix(2);
        while (!rest_.empty()) {
            char const c = rest_[0];
            rest_.remove_prefix(1);
            if (c == '"') return true;
            if (c < ' ' || c > '~') return false;
            if (c != '%') continue;
            bool const escaped = rest_.size() >= 2 && is_lower_hex(rest_[0]) && is_lower_hex(rest_[1]);
            if (!escaped) return false;
            rest_.remove_prefix(2);
        }
        return false;
    }

    static bool is_lower_hex(char c) noexcept { return hex_value(c) >= 0 && c == lower(c); }

    bool take_inner_list() {
        take('(');
        while (true) {
            skip_spaces();
            if (take(')')) return true;
            StructuredValue ignored;
            if (!take_item(ignored)) return false;
            if (!rest_.starts_with(' ') && !rest_.starts_with(')')) return false;
        }
    }

    std::string_view rest_;
};

std::optional<StructuredValue> parse_item(std::string_view field) {
    Reader reader(field);
    StructuredValue value;
    if (!reader.take_item(value) || !reader.ends_here()) return std::nullopt;
    return value;
}

}  // namespace

std::optional<bool> parse_boolean_item(std::string_view field) {
    auto const value = parse_item(field);
    return value && value->kind == Kind::boolean ? std::optional(value->boolean) : std::nullopt;
}

std::optional<std::int64_t> parse_integer_item(std::string_view field) {
    auto const value = parse_item(field);
    return value && value->kind == Kind::integer ? std::optional(value->integer) : std::nullopt;
}

std::optional<Dictionary> parse_dictionary(std::string_view field) {
    Reader reader(field);
    Dictionary dictionary;
    while (!reader.ends_here()) {
        std::string key;
        if (!reader.take_key(key)) return std::nullopt;
        StructuredValue value;
        if (reader.take('=')) {
            if (!reader.take_member(value)) return std::nullopt;
        } else {
            value.kind = Kind::boolean;
            value.boolean = true;
            if (!reader.take_parameters()) return std::nullopt;
        }
        std::erase_if(dictionary, [&](auto const& member) { return member.first == key; });
        if (dictionary.size() == max_members) return std::nullopt;
        dictionary.emplace_back(std::move(key), std::move(value));
        reader.skip_blanks();
        if (reader.at_end()) break;
        if (!reader.take(',')) return std::nullopt;
        reader.skip_blanks();
        if (reader.at_end()) return std::nullopt;  // a comma at the end
    }
    return dictionary;
}

StructuredValue const* find_member(Dictionary const& dictionary, std::string_view key) noexcept {
    auto const found =
        std::ranges::find(dictionary, key, [](auto const& member) { return std::string_view(member.first); });
    return found == dictionary.end() ? nullptr : &found->second;
}

}  // namespace clinikk::http
