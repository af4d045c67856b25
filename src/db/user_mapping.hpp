#pragma once

#include "db/mapping.hpp"
#include "domain/user.hpp"

namespace clinikk::db {

template <>
struct Mapping<User> {
    static constexpr char columns[] = "id, email, email_key, password_hash, role, is_active, created_at";
    static auto members(auto& user) {
        return std::tie(user.id, user.email, user.email_key, user.password_hash, user.role, user.is_active,
                        user.created_at);
    }
};

}  // namespace clinikk::db
