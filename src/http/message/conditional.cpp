#include "http/message/conditional.hpp"

#include <chrono>
#include <optional>

#include "http/message/syntax.hpp"

namespace clinikk::http {
namespace {

struct EntityTag {
    std::string_view opaque;  ///< with its quotes
    bool weak = false;
};

bool is_tag_char(char c) noexcept {
    auto const byte = static_cast<std::uint8_t>(c);
    return byte == 0x21 || (byte >= 0x23 && byte != 0x7F);
}

/// Cuts an entity tag off `rest`; empty when it does not begin with one (section 8.8.3).
std::optional<EntityTag> take_tag(std::string_view& rest) noexcept {
    bool const weak = rest.starts_with("W/");
    auto const text = rest.substr(weak ? 2 : 0);
    if (!text.starts_with('"')) return std::nullopt;
    std::size_t end = 1;
    while (end < text.size() && is_tag_char(text[end])) ++end;
    if (end == text.size() || text[end] != '"') return std::nullopt;
    rest = text.substr(end + 1);
    return EntityTag{text.substr(0, end + 1), weak};
}

enum class Comparison : std::uint8_t { strong, weak };
enum class Match : std::uint8_t { absent, no, yes, malformed };

/// One line's list, or `*`, which stands alone.
Match match_line(std::string_view value, std::string_view etag, Comparison comparison) noexcept {
    if (value == "*") return Match::yes;
    bool matches = false;
    bool separated = true;
    while (true) {
        while (!value.empty() && (is_blank(value.front()) || value.front() == ',')) {
            separated = separated || value.front() == ',';
            value.remove_prefix(1);
        }
        if (value.empty()) return matches ? Match::yes : Match::no;
        auto const tag = take_tag(value);
        if (!tag || !separated) return Match::malformed;
        separated = false;
        matches = matches || (tag->opaque == etag && (comparison == Comparison::weak || !tag->weak));
    }
}

/// All lines of that name together.
Match match(RequestHead const& head, std::string_view name, std::string_view etag, Comparison comparison) noexcept {
    Match all = Match::absent;
    bool any_tag = false;
    std::size_t stars = 0;
    std::size_t lines = 0;
    for (auto const& field : head.fields) {
        if (!same_ignoring_case(field.name, name)) continue;
        auto const one = match_line(field.value, etag, comparison);
        if (one == Match::malformed) return one;
        ++lines;
        if (field.value == "*") ++stars;
        any_tag = any_tag || one == Match::yes;
        all = any_tag ? Match::yes : Match::no;
    }
    return stars > 0 && lines > 1 ? Match::malformed : all;
}

std::chrono::sys_seconds whole_seconds(Timestamp time) noexcept {
    return std::chrono::floor<std::chrono::seconds>(time);
}

std::optional<std::chrono::sys_seconds> find_date(RequestHead const& head, std::string_view name) {
    auto const text = head.find_only(name);
    if (text.empty()) return std::nullopt;
    auto const date = parse_http_date(text);
    return date ? std::optional(whole_seconds(*date)) : std::nullopt;
}

}  // namespace

Precondition evaluate(RequestHead const& head, Validators const& validators) {
    auto const modified = whole_seconds(validators.last_modified);
    bool const reads = is_retrieval(head.method);

    auto const if_match = match(head, "If-Match", validators.etag, Comparison::strong);
    if (if_match == Match::absent) {
        auto const date = find_date(head, "If-Unmodified-Since");
        if (date && modified > *date) return Precondition::failed;
    } else if (if_match != Match::yes) {
        return Precondition::failed;
    }

    auto const if_none_match = match(head, "If-None-Match", validators.etag, Comparison::weak);
    if (if_none_match == Match::yes) return reads ? Precondition::not_modified : Precondition::failed;
    if (if_none_match == Match::malformed && !reads) return Precondition::failed;
    if (if_none_match == Match::absent && reads) {
        auto const date = find_date(head, "If-Modified-Since");
        if (date && modified <= *date) return Precondition::not_modified;
    }
    return Precondition::proceed;
}

bool if_range_holds(RequestHead const& head, Validators const& validators) {
    if (head.find("If-Range").data() == nullptr) return true;
    auto rest = head.find_only("If-Range");
    if (auto const tag = take_tag(rest)) return rest.empty() && !tag->weak && tag->opaque == validators.etag;
    auto const date = find_date(head, "If-Range");
    return date && *date == whole_seconds(validators.last_modified);
}

}  // namespace clinikk::http
