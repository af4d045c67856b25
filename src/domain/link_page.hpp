#pragma once

#include <string>
#include <string_view>

namespace clinikk {

/// The address of a page of the company's app, where the token replaces `{token}` in `page`.
inline std::string link_with_token(std::string_view page, std::string_view token) {
    constexpr std::string_view mark = "{token}";
    std::string link(page);
    auto const place = link.find(mark);
    if (place != link.npos) link.replace(place, mark.size(), token);
    return link;
}

}  // namespace clinikk
