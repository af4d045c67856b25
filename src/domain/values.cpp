#include "domain/values.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <charconv>

#include "base/json_text.hpp"
#include "domain/unicode.hpp"

namespace clinikk {
namespace {

constexpr std::int64_t no_maximum = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t max_file_size = std::int64_t{5} << 40;
constexpr std::int64_t max_part_number = 10'000;

/// For `Parsed<std::string>`, where a bare string would be ambiguous.
Parsed<std::string> refuse(std::string why) { return {boost::system::in_place_error, std::move(why)}; }

bool has_control_characters(std::string_view text) noexcept {
    while (!text.empty()) {
        if (kind_of(take_code_point(text)) == CharacterKind::control) return true;
    }
    return false;
}

/// The control characters that `parse_text` keeps, and the characters that Unicode separates lines by.
bool has_line_ends(std::string_view text) noexcept {
    while (!text.empty()) {
        auto const c = take_code_point(text);
        if (c == U'\n' || c == U'\t' || c == 0x2028 || c == 0x2029) return true;
    }
    return false;
}

std::string with_line_feeds(std::string text) {
    for (auto at = text.find("\r\n"); at != std::string::npos; at = text.find("\r\n", at)) text.erase(at, 1);
    return text;
}

std::string length_rule(std::size_t min, std::size_t max) {
    if (min == 0) return "must be at most " + std::to_string(max) + " characters long";
    return "must be " + std::to_string(min) + " to " + std::to_string(max) + " characters long";
}

// --- e-mail addresses

bool is_ascii_alphanumeric(char32_t c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// A letter, mark or digit beyond ASCII (RFC 6531 section 3.3, less what cannot be seen).
bool is_international_letter(char32_t c) noexcept {
    if (c < 0x80) return false;
    auto const kind = kind_of(c);
    return kind == CharacterKind::letter || kind == CharacterKind::mark || kind == CharacterKind::digit;
}

/// `atext` of RFC 5322 section 3.2.3.
bool is_atom_character(char32_t c) noexcept {
    constexpr std::string_view symbols = "!#$%&'*+-/=?^_`{|}~";
    if (c < 0x80) return is_ascii_alphanumeric(c) || symbols.find(static_cast<char>(c)) != symbols.npos;
    return is_international_letter(c);
}

bool is_label_character(char32_t c) noexcept {
    return is_ascii_alphanumeric(c) || c == '-' || is_international_letter(c);
}

/// Returns how many parts `text` has if it is dot-separated, non-empty parts that `is_part` accepts; else 0.
template <class IsPart>
std::size_t count_dotted_parts(std::string_view text, IsPart is_part) {
    for (std::size_t count = 1;; ++count) {
        auto const dot = text.find('.');
        auto const part = text.substr(0, dot);
        if (part.empty() || !is_part(part)) return 0;
        if (dot == text.npos) return count;
        text.remove_prefix(dot + 1);
    }
}

template <class IsCharacter>
bool consists_of(std::string_view text, IsCharacter is_character) {
    while (!text.empty()) {
        if (!is_character(take_code_point(text))) return false;
    }
    return true;
}

bool is_domain_label(std::string_view label) {
    return label.size() <= 63 && label.front() != '-' && label.back() != '-' && consists_of(label, is_label_character);
}

bool is_domain(std::string_view domain) {
    if (count_dotted_parts(domain, is_domain_label) < 2) return false;
    // A name that ends in a number must be an IPv4 address.
    return !consists_of(domain.substr(domain.rfind('.') + 1), [](char32_t c) { return c >= '0' && c <= '9'; });
}

bool is_address(std::string_view text) {
    auto const at = text.find('@');
    if (at == text.npos || at > 64 || text.size() > 254) return false;
    auto const is_atom = [](std::string_view part) { return consists_of(part, is_atom_character); };
    return count_dotted_parts(text.substr(0, at), is_atom) > 0 && is_domain(text.substr(at + 1));
}

}  // namespace

Parsed<std::string> parse_text(std::string_view text, std::size_t min, std::size_t max) {
    auto normal = to_nfc(text);
    if (!normal) return refuse("must be valid UTF-8");
    auto const lines = with_line_feeds(*std::move(normal));
    if (has_control_characters(lines)) return refuse("must not contain control characters");
    auto const trimmed = trim(lines);
    if (trimmed.empty() && min > 0) return refuse("must not be empty");
    auto const length = count_code_points(trimmed);
    if (length < min || length > max) return refuse(length_rule(min, max));
    return Parsed<std::string>(boost::system::in_place_value, trimmed);
}

Parsed<std::string> parse_line(std::string_view text, std::size_t min, std::size_t max) {
    auto parsed = parse_text(text, min, max);
    if (parsed && has_line_ends(*parsed)) return refuse("must be one line, without control characters");
    return parsed;
}

Parsed<std::int64_t> parse_whole_number(std::string_view text, std::int64_t min, std::int64_t max) {
    std::int64_t number = 0;
    auto const* const end = text.data() + text.size();
    auto const [stop, failure] = std::from_chars(text.data(), end, number);
    if (failure == std::errc() && stop == end && number >= min && number <= max) return number;
    if (max == no_maximum) return "must be a whole number of at least " + std::to_string(min);
    return "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max);
}

std::string must_be_one_of(std::span<std::string_view const> choices) {
    std::string sentence = "must be ";
    for (std::size_t i = 0; i < choices.size(); ++i) {
        if (i > 0) sentence += i + 1 == choices.size() ? " or " : ", ";
        sentence += choices[i];
    }
    return sentence;
}

Parsed<Email> Email::parse(std::string_view text) {
    constexpr char const* rule = "must be an e-mail address";
    auto const normal = to_nfc(text);
    if (!normal) return rule;
    auto const trimmed = trim(*normal);
    if (!is_address(trimmed)) return rule;
    auto const at = trimmed.find('@');
    auto address = std::string(trimmed.substr(0, at + 1)) + to_lower(trimmed.substr(at + 1)).value();
    auto key = to_nfkc_casefold(address).value();
    // Case folding may turn a rare character into a dot, an @ or another separator. Such an address is refused.
    if (!is_address(address) || !is_address(key)) return rule;
    return Email(std::move(address), std::move(key));
}

ValueSchema Email::schema() { return {.format = "email", .max_length = 254, .example = "viewer@example.com"}; }

Parsed<HttpUrl> HttpUrl::parse(std::string_view text) {
    namespace urls = boost::urls;
    constexpr char const* rule = "must be an http or https URL";
    if (text.size() > 2048) return "must be at most 2048 characters long";
    auto const url = urls::parse_uri({text.data(), text.size()});
    if (!url) return rule;
    bool const is_http = url->scheme_id() == urls::scheme::http || url->scheme_id() == urls::scheme::https;
    if (!is_http || url->encoded_host().empty()) return rule;
    // RFC 9110 section 4.2.4: a user name in an address is mostly meant to deceive.
    if (url->has_userinfo()) return "must not contain a user name or password";
    if (!url->port().empty() && !parse_whole_number(url->port(), 1, 65535)) return rule;
    return HttpUrl(std::string(text));
}

ValueSchema HttpUrl::schema() {
    return {.format = "uri",
            .max_length = 2048,
            .pattern = "^[Hh][Tt][Tt][Pp][Ss]?://",
            .example = "https://example.com/poster.jpg"};
}

Parsed<Seconds> Seconds::parse(std::string_view text) {
    auto const number = parse_whole_number(text, 0, 1'000'000'000);
    if (!number) return number.error();
    return Seconds(*number);
}

ValueSchema Seconds::schema() {
    return {.type = ValueSchema::Type::integer, .format = "int64", .minimum = 0, .maximum = 1'000'000'000};
}

Parsed<FileSize> FileSize::parse(std::string_view text) {
    auto const number = parse_whole_number(text, 1, max_file_size);
    if (!number) return number.error();
    return FileSize(*number);
}

ValueSchema FileSize::schema() {
    return {.type = ValueSchema::Type::integer, .format = "int64", .minimum = 1, .maximum = max_file_size};
}

Parsed<PartNumber> PartNumber::parse(std::string_view text) {
    auto const number = parse_whole_number(text, 1, max_part_number);
    if (!number) return number.error();
    return PartNumber(*number);
}

ValueSchema PartNumber::schema() {
    return {.type = ValueSchema::Type::integer, .format = "int64", .minimum = 1, .maximum = max_part_number};
}

Parsed<Sha256Value> Sha256Value::parse(std::string_view text) {
    constexpr char const* rule = "must be a SHA-256 in 64 hexadecimal digits";
    Sha256Digest digest{};
    if (text.size() != 2 * digest.size()) return rule;
    for (std::size_t i = 0; i < digest.size(); ++i) {
        auto const* const begin = text.data() + 2 * i;
        auto const [end, failure] = std::from_chars(begin, begin + 2, digest[i], 16);
        if (failure != std::errc{} || end != begin + 2) return rule;
    }
    return Sha256Value(digest);
}

ValueSchema Sha256Value::schema() { return {.pattern = "^[0-9A-Fa-f]{64}$"}; }

Parsed<Skip> Skip::parse(std::string_view text) {
    auto const number = parse_whole_number(text, 0, no_maximum);
    if (!number) return number.error();
    return Skip(*number);
}

ValueSchema Skip::schema() {
    return {.type = ValueSchema::Type::integer,
            .format = "int64",
            .minimum = 0,
            .description = "How many items to leave out.",
            .fallback = "0"};
}

Parsed<PageLimit> PageLimit::parse(std::string_view text) {
    auto const is_digit = [](char c) { return c >= '0' && c <= '9'; };
    // A number that fits no integer type still counts as a large number.
    if (text.size() > 18 && text.front() != '0' && std::ranges::all_of(text, is_digit)) text = "100";
    auto const number = parse_whole_number(text, 1, no_maximum);
    if (!number) return number.error();
    return PageLimit(std::min(*number, max));
}

ValueSchema PageLimit::schema() {
    return {.type = ValueSchema::Type::integer,
            .format = "int64",
            .minimum = 1,
            .description = "How many items to return at most; a number above 100 means 100.",
            .fallback = "100"};
}

Parsed<UuidValue> UuidValue::parse(std::string_view text) {
    auto const id = Uuid::from_string(text);
    if (!id) return "must be a UUID";
    return UuidValue(*id);
}

ValueSchema UuidValue::schema() { return {.format = "uuid"}; }

}  // namespace clinikk
