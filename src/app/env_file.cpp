#include "app/env_file.hpp"

#include <fstream>
#include <iterator>

namespace clinikk::app {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trim(std::string_view text) {
    auto const first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Removes the quotes and the comment after the value.
std::string_view value_of(std::string_view text) {
    auto const value = trim(text);
    if (value.starts_with('"') || value.starts_with('\'')) {
        auto const end = value.find(value.front(), 1);
        auto const behind = end == std::string_view::npos ? value : trim(value.substr(end + 1));
        if (behind.empty() || behind.starts_with('#')) return value.substr(1, end - 1);
    }
    for (auto mark = text.find('#'); mark != std::string_view::npos; mark = text.find('#', mark + 1)) {
        if (mark > 0 && blanks.find(text[mark - 1]) != std::string_view::npos) return trim(text.substr(0, mark));
    }
    return value;
}

}  // namespace

GivenSettings parse_env(std::string_view text) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    GivenSettings values;
    while (!text.empty()) {
        auto const end = text.find('\n');
        auto line = trim(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.starts_with("export ")) line = trim(line.substr(7));
        auto const equals = line.find('=');
        if (line.starts_with('#') || equals == std::string_view::npos) continue;
        values[std::string(trim(line.substr(0, equals)))] = std::string(value_of(line.substr(equals + 1)));
    }
    return values;
}

GivenSettings read_env_file(std::filesystem::path const& path) {
    std::ifstream file(path);
    std::string const text(std::istreambuf_iterator<char>(file), {});
    return parse_env(text);
}

}  // namespace clinikk::app
