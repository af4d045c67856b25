#include "http/message/media_type.hpp"

#include <algorithm>

#include "http/message/parameters.hpp"
#include "http/message/syntax.hpp"

namespace clinikk::http {
namespace {

constexpr int full_weight = 1000;

/// `q=` and a weight, in thousandths (RFC 9110 section 12.4.2).
std::optional<int> parse_weight(std::string_view text) noexcept {
    if (text.size() < 3 || text.size() > 7 || lower(text[0]) != 'q' || text[1] != '=') return std::nullopt;
    text.remove_prefix(2);
    if (text[0] != '0' && text[0] != '1') return std::nullopt;
    if (text.size() > 1 && text[1] != '.') return std::nullopt;
    int weight = (text[0] - '0') * full_weight;
    int unit = full_weight / 10;
    for (char const c : text.substr(std::min<std::size_t>(2, text.size()))) {
        if (!is_digit(c)) return std::nullopt;
        weight += (c - '0') * unit;
        unit /= 10;
    }
    return weight <= full_weight ? std::optional(weight) : std::nullopt;
}

}  // namespace

std::string_view MediaType::parameter(std::string_view name) const noexcept {
    auto const found =
        std::ranges::find(parameters, name, [](auto const& pair) { return std::string_view(pair.first); });
    return found == parameters.end() ? std::string_view() : std::string_view(found->second);
}

bool is_in_media_range(std::string_view essence, std::string_view range) noexcept {
    if (range == "*/*" || range == essence) return true;
    return range.ends_with("/*") && essence.starts_with(range.substr(0, range.size() - 1));
}

std::optional<MediaType> parse_media_type(std::string_view value) {
    value = trim_blanks(value);
    auto const essence = trim_blanks(value.substr(0, value.find(';')));
    auto const slash = essence.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    if (!is_token(essence.substr(0, slash)) || !is_token(essence.substr(slash + 1))) return std::nullopt;

    MediaType type{to_lower(essence), {}};
    ParameterReader reader(value.substr(essence.size()));
    while (true) {
        auto const outcome = reader.next();
        if (outcome == ParameterReader::Outcome::end) return type;
        if (outcome == ParameterReader::Outcome::malformed) return std::nullopt;
        if (!reader.quoted() && !is_token(reader.value())) return std::nullopt;
        auto name = to_lower(reader.name());
        if (type.parameter(name).data() != nullptr) return std::nullopt;
        auto text = name == "charset" ? to_lower(reader.value()) : std::move(reader.value());
        type.parameters.emplace_back(std::move(name), std::move(text));
    }
}

void AcceptedCodings::add(std::string_view value) noexcept {
    while (!value.empty()) {
        auto const element = take_list_element(value);
        if (element.empty()) continue;
        auto const mark = element.find(';');
        auto const coding = trim_blanks(element.substr(0, mark));
        auto const weight = mark == std::string_view::npos ? std::optional(full_weight)
                                                           : parse_weight(trim_blanks(element.substr(mark + 1)));
        if (!weight || !is_token(coding)) {
            malformed_ = true;
        } else if (same_ignoring_case(coding, "gzip") || same_ignoring_case(coding, "x-gzip")) {
            gzip_ = std::max(gzip_.value_or(0), *weight);
        } else if (coding == "*") {
            any_ = weight;
        } else if (same_ignoring_case(coding, "identity")) {
            identity_ = *weight;
        }
    }
}

bool AcceptedCodings::prefer_gzip() const noexcept {
    int const weight = gzip_ ? *gzip_ : any_.value_or(0);
    return !malformed_ && weight > 0 && weight >= identity_;
}

}  // namespace clinikk::http
