#pragma once

#include <optional>

#include "base/uuid.hpp"
#include "domain/user.hpp"

/// Who may do what. Every decision about a role or an owner is made here.
namespace clinikk {

/// Returns whether a user of that role may upload, and change the contents that the user owns.
constexpr bool may_edit(Role role) noexcept { return role != Role::viewer; }

/// Returns whether that user may change, delete or complete what `owner_id` owns: the owner and admins may. Only admins
/// may change what has no owner.
inline bool may_act_for(User const& user, std::optional<Uuid> const& owner_id) noexcept {
    return user.role == Role::admin || owner_id == user.id;
}

}  // namespace clinikk
