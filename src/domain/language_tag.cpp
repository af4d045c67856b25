// Language tags, RFC 5646 (BCP 47).
#include <algorithm>
#include <set>
#include <vector>

#include "domain/values.hpp"

namespace clinikk {
namespace {

constexpr std::size_t max_length = 100;
constexpr std::size_t max_subtag_length = 8;

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char to_upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool is_alpha(std::string_view subtag) noexcept { return std::ranges::all_of(subtag, is_letter); }
bool is_numeric(std::string_view subtag) noexcept { return std::ranges::all_of(subtag, is_digit); }

/// Splits a tag into its subtags, in lower case. Returns none when one of them can stand in no tag.
std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> subtags;
    while (true) {
        auto const dash = text.find('-');
        auto const subtag = text.substr(0, dash);
        bool const fits = !subtag.empty() && subtag.size() <= max_subtag_length &&
                          std::ranges::all_of(subtag, [](char c) { return is_letter(c) || is_digit(c); });
        if (!fits) return {};
        auto& lower = subtags.emplace_back(subtag);
        std::ranges::transform(lower, lower.begin(), to_lower);
        if (dash == text.npos) return subtags;
        text.remove_prefix(dash + 1);
    }
}

/// Walks along the subtags in the order of the grammar. Each step moves past what it accepts.
class TagGrammar {
public:
    explicit TagGrammar(std::vector<std::string>& subtags) : subtags_(subtags) {}

    /// Returns whether all subtags together are one `langtag`, and puts them into their usual case.
    bool accepts() { return language() && script_and_region() && variants() && extensions() && is_at_end(); }

private:
    bool is_at_end() const { return at_ == subtags_.size(); }
    std::string const& here() const { return subtags_[at_]; }

    bool language() {
        if (is_at_end() || here().size() < 2 || !is_alpha(here())) return false;
        bool const takes_extended = here().size() <= 3;
        ++at_;
        for (int extended = 0; takes_extended && extended < 3; ++extended) {
            if (is_at_end() || here().size() != 3 || !is_alpha(here())) break;
            ++at_;
        }
        return true;
    }

    bool script_and_region() {
        if (!is_at_end() && here().size() == 4 && is_alpha(here())) {
            subtags_[at_][0] = to_upper(here()[0]);
            ++at_;
        }
        if (is_at_end()) return true;
        bool const is_country = here().size() == 2 && is_alpha(here());
        if (is_country) std::ranges::transform(here(), subtags_[at_].begin(), to_upper);
        if (is_country || (here().size() == 3 && is_numeric(here()))) ++at_;
        return true;
    }

    bool variants() {
        std::set<std::string_view> seen;
        while (!is_at_end() && (here().size() >= 5 || (here().size() == 4 && is_digit(here()[0])))) {
            if (!seen.insert(here()).second) return false;
            ++at_;
        }
        return true;
    }

    /// Extensions, and private use, which comes last.
    bool extensions() {
        std::set<char> seen;
        while (!is_at_end() && here().size() == 1) {
            char const singleton = here()[0];
            bool const is_private = singleton == 'x';
            if (!seen.insert(singleton).second) return false;
            auto const first = ++at_;
            std::size_t const shortest = is_private ? 1 : 2;
            while (!is_at_end() && here().size() >= shortest) ++at_;
            if (at_ == first) return false;
        }
        return true;
    }

    std::vector<std::string>& subtags_;
    std::size_t at_ = 0;
};

}  // namespace

Parsed<LanguageTag> LanguageTag::parse(std::string_view text) {
    constexpr char const* rule = "must be a language tag such as en or pt-BR";
    if (text.size() > max_length) return rule;
    auto subtags = split(text);
    if (!TagGrammar(subtags).accepts()) return rule;
    std::string tag;
    for (auto const& subtag : subtags) {
        if (!tag.empty()) tag += '-';
        tag += subtag;
    }
    return LanguageTag(std::move(tag));
}

ValueSchema LanguageTag::schema() {
    return {.min_length = 2, .max_length = max_length, .description = "A language tag (BCP 47)", .example = "en-GB"};
}

}  // namespace clinikk
