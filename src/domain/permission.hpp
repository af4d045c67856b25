#pragma once

#include <optional>

#include "base/uuid.hpp"
#include "domain/user.hpp"

/// Who may do what. Every decision about a role or an owner is made here.
namespace clinikk {

/// Whether a user of that role may upload, and change what is theirs.
constexpr bool may_edit(Role role) noexcept { return role != Role::viewer; }

/// Whether that user may change, delete or complete what `owner_id` owns: its owner and admins may. What has no owner
/// is for admins.
inline bool may_act_for(User const& user, std::optional<Uuid> const& owner_id) noexcept {
    return user.role == Role::admin || owner_id == user.id;
}

}  // namespace clinikk
