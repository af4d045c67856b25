#pragma once

#include <boost/describe/class.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/content_cursor.hpp"
#include "api/user.hpp"

/// `/users`: the accounts, for administrators.
namespace clinikk::api {

/// A truth value: in JSON `true` or `false`, in a query the same words.
class Truth : public ValueOf<bool> {
public:
    static Parsed<Truth> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit Truth(bool value) : ValueOf(value) {}
};

/// A part of an e-mail address, in the form in which addresses are compared.
class EmailPart : public ValueOf<std::string> {
public:
    static Parsed<EmailPart> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit EmailPart(std::string key) : ValueOf(std::move(key)) {}
};

/// What becomes of the contents of an account that is deleted: one of the first `Count` words of `fate_names`.
inline constexpr std::array<std::string_view, 3> fate_names{"delete", "keep", "reassign"};

template <std::size_t Count>
class FateOf : public ValueOf<ContentsFate> {
public:
    static Parsed<FateOf> parse(std::string_view text) {
        for (std::size_t i = 0; i < Count; ++i) {
            if (text == fate_names[i]) return FateOf(static_cast<ContentsFate>(i));
        }
        return must_be_one_of(std::span(fate_names).first(Count));
    }
    static ValueSchema schema() {
        return {.choices = {fate_names.begin(), fate_names.begin() + Count},
                .description = "What becomes of the contents; needed where the account has any"};
    }

private:
    explicit FateOf(ContentsFate fate) : ValueOf(fate) {}
};

struct ListUsersRequest {
    Query<PageLimit> limit;
    Query<std::optional<EmailPart>> search;
    Query<std::optional<RoleValue>> role;
    Query<std::optional<Truth>> is_active;
    Query<std::optional<CursorValue>> cursor;
};
BOOST_DESCRIBE_STRUCT(ListUsersRequest, (), (limit, search, role, is_active, cursor))

struct UserRequest {
    Path<UuidValue> user_id;
};
BOOST_DESCRIBE_STRUCT(UserRequest, (), (user_id))

struct UpdateUserRequest {
    Path<UuidValue> user_id;
    FormField<std::optional<RoleValue>> role;
    FormField<std::optional<Truth>> is_active;
};
BOOST_DESCRIBE_STRUCT(UpdateUserRequest, (), (user_id, role, is_active))

struct DeleteUserRequest {
    Path<UuidValue> user_id;
    Query<std::optional<FateOf<3>>> contents;
    Query<std::optional<UuidValue>> to;

    void check(std::vector<FieldError>& errors) const;
};
BOOST_DESCRIBE_STRUCT(DeleteUserRequest, (), (user_id, contents, to))

Task<Result<Reply<std::vector<UserView>>>> list_users(Services& services, Request& request, ListUsersRequest list);
Task<Result<Reply<UserView>>> get_user(Services& services, Request& request, UserRequest wanted);
Task<Result<Reply<UserView>>> update_user(Services& services, Request& request, UpdateUserRequest update);
Task<Result<Response>> delete_user(Services& services, Request& request, DeleteUserRequest wanted);

}  // namespace clinikk::api
