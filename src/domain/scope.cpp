#include "domain/scope.hpp"

#include <algorithm>

namespace clinikk {

std::string_view to_string(Scope scope) noexcept {
    switch (scope) {
        case Scope::content_read: return "content:read";
        case Scope::content_write: return "content:write";
        case Scope::users_admin: return "users:admin";
        case Scope::audit_read: return "audit:read";
    }
    return "";
}

std::optional<Scopes> Scopes::parse(std::string_view text) {
    Scopes scopes;
    while (true) {
        auto const space = text.find(' ');
        auto const name = text.substr(0, space);
        auto const* const found =
            std::ranges::find(all_scopes, name, [](Scope scope) { return clinikk::to_string(scope); });
        if (found == all_scopes.end()) return std::nullopt;
        scopes.add(*found);
        if (space == std::string_view::npos) return scopes;
        text.remove_prefix(space + 1);
    }
}

std::string Scopes::to_string() const {
    std::string text;
    for (auto const scope : all_scopes) {
        if (!contains(scope)) continue;
        if (!text.empty()) text += ' ';
        text += clinikk::to_string(scope);
    }
    return text;
}

}  // namespace clinikk
