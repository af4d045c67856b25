#include "http/message/idempotency_key.hpp"

#include <algorithm>

namespace clinikk::http {
namespace {

bool is_bare(char c) { return c > ' ' && c < '\x7f' && std::string_view(R"("\,;)").find(c) == std::string_view::npos; }

/// The characters of a quoted String, behind its first quote.
std::optional<std::string> read_quoted(std::string_view text) {
    std::string key;
    while (!text.empty()) {
        char c = text.front();
        text.remove_prefix(1);
        if (c == '"') return text.empty() ? std::optional(key) : std::nullopt;
        if (c == '\\') {
            if (text.empty() || (text.front() != '"' && text.front() != '\\')) return std::nullopt;
            c = text.front();
            text.remove_prefix(1);
        }
        if (c < ' ' || c > '~') return std::nullopt;
        key += c;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> parse_idempotency_key(std::string_view field) {
    std::optional<std::string> key;
    if (field.starts_with('"')) {
        key = read_quoted(field.substr(1));
    } else if (std::ranges::all_of(field, is_bare)) {
        key = std::string(field);
    }
    bool const fits = key && !key->empty() && key->size() <= longest_idempotency_key;
    return fits ? key : std::nullopt;
}

}  // namespace clinikk::http
