#pragma once

#include <boost/describe/class.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "api/life.hpp"
#include "api/services.hpp"
#include "domain/values.hpp"

/// `/invites`: the requests and handlers with which administrators invite people.
namespace clinikk::api {

/// A minute to ninety days.
inline constexpr LifeLimits invite_life{60, 90LL * 86'400, "Seconds until the invite expires"};

struct CreateInviteRequest {
    FormField<RoleValue> role;
    FormField<std::optional<Life<invite_life>>> expires_in;
};
BOOST_DESCRIBE_STRUCT(CreateInviteRequest, (), (role, expires_in))

struct InviteRequest {
    Path<UuidValue> invite_id;
};
BOOST_DESCRIBE_STRUCT(InviteRequest, (), (invite_id))

struct InviteView {
    static constexpr std::string_view schema_name = "Invite";
    Uuid id;
    Role role;
    std::optional<Uuid> invited_by;
    Timestamp created_at;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(InviteView, (), (id, role, invited_by, created_at, expires_at))

struct NewInviteView : InviteView {
    static constexpr std::string_view schema_name = "NewInvite";
    std::string token;
    std::optional<std::string> url;
};
BOOST_DESCRIBE_STRUCT(NewInviteView, (InviteView), (token, url))

Task<Result<Reply<NewInviteView>>> create_invite(Services& services, Request& request, CreateInviteRequest wanted);
Task<Result<Reply<std::vector<InviteView>>>> list_invites(Services& services, Request& request, NoInput nothing);
Task<Result<Response>> delete_invite(Services& services, Request& request, InviteRequest wanted);

}  // namespace clinikk::api
