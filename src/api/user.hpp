#pragma once

#include "http/endpoint_table.hpp"
#include "service/session_service.hpp"
#include "service/user_service.hpp"

namespace clinikk::api {

/// Adds `/auth/…`: registration, login, and who one is. Accounts that register themselves get `registration_role`.
/// The services must outlive the table.
class UserApi {
public:
    UserApi(UserService& users, SessionService& sessions, Role registration_role);
    UserApi(UserApi const&) = delete;
    UserApi& operator=(UserApi const&) = delete;
    ~UserApi();

    /// Without an `api` the operations are only described.
    static void add_to(http::EndpointTable& table, UserApi* api);

private:
    class Handlers;
    std::unique_ptr<Handlers> handlers_;
};

}  // namespace clinikk::api
