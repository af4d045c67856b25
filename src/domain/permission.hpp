#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/uuid.hpp"
#include "domain/content.hpp"
#include "domain/user.hpp"

/// Who may do what. Every decision about a role, an owner or a visibility is made here.
namespace clinikk {

/// Returns whether a user of that role may upload, and change the contents that the user owns.
constexpr bool may_edit(Role role) noexcept { return role != Role::viewer; }

/// Returns whether a user of that role may administer the accounts of others.
constexpr bool may_administer(Role role) noexcept { return role == Role::admin; }

/// What one can do with a content: read it and play it, find it in a listing, or change and delete it.
enum class ContentAction : std::uint8_t { see, find, change };

/// The least that one must be for an action. Admins may do everything.
enum class Standing : std::uint8_t { anybody, account, owner, owning_editor };

/// The policy: a row for each visibility.
struct ContentRule {
    Visibility visibility;
    Standing see;
    Standing find;
    Standing change;
};
inline constexpr std::array content_policy{
    ContentRule{Visibility::public_, Standing::anybody, Standing::anybody, Standing::owning_editor},
    ContentRule{Visibility::members, Standing::account, Standing::account, Standing::owning_editor},
    ContentRule{Visibility::unlisted, Standing::anybody, Standing::owner, Standing::owning_editor},
    ContentRule{Visibility::private_, Standing::owner, Standing::owner, Standing::owning_editor},
};

/// What must be known of a content in order to decide. A content whose visibility is not known is private.
struct ContentAccess {
    Visibility visibility = Visibility::private_;
    std::optional<Uuid> owner_id{};
};

inline ContentAccess access_of(Content const& content) {
    return {content.visibility.value_or(Visibility::private_), content.owner_id};
}
inline ContentAccess access_of(PlayableSource const& source) { return {source.visibility, source.owner_id}; }

/// Returns whether `user` may do `action` to the content. `user` is null when the client has not signed in.
constexpr bool may(User const* user, ContentAction action, ContentAccess const& content) noexcept {
    auto const& rule = content_policy.at(static_cast<std::size_t>(content.visibility));
    auto const least = action == ContentAction::see    ? rule.see
                       : action == ContentAction::find ? rule.find
                                                       : rule.change;
    if (least == Standing::anybody) return true;
    if (user == nullptr) return false;
    if (user->role == Role::admin || least == Standing::account) return true;
    return content.owner_id == user->id && (least == Standing::owner || may_edit(user->role));
}

/// Returns whether that user may complete or cancel the upload that `owner_id` began: the owner and admins may.
inline bool may_act_for(User const& user, std::optional<Uuid> const& owner_id) noexcept {
    return user.role == Role::admin || owner_id == user.id;
}

}  // namespace clinikk
