#include "http/message/form_urlencoded.hpp"

#include "http/message/syntax.hpp"

namespace clinikk::http {
namespace {

constexpr std::size_t max_pairs = 1000;

Error malformed(std::string_view what) {
    return {ErrorCode::bad_request, "The form or query string " + std::string(what)};
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> pairs;
    while (!text.empty()) {
        auto const pair = text.substr(0, text.find('&'));
        text.remove_prefix(pair.size() == text.size() ? pair.size() : pair.size() + 1);
        if (pair.empty()) continue;
        if (pairs.size() == max_pairs) return malformed("has more than 1000 fields");
        auto const mark = pair.find('=');
        auto name = percent_decode(pair.substr(0, mark), Plus::space);
        auto value =
            percent_decode(mark == std::string_view::npos ? std::string_view() : pair.substr(mark + 1), Plus::space);
        if (!name || !value) return malformed("has a broken escape, or text that is not UTF-8");
        pairs.emplace_back(std::move(*name), std::move(*value));
    }
    return pairs;
}

}  // namespace clinikk::http
