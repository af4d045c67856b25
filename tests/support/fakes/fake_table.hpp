#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "db/database.hpp"
#include "support/fakes/fake_repositories.hpp"

/// What the stores of the fake database are made of.
namespace clinikk::testing {

[[noreturn]] inline void violate(std::string const& constraint) {
    throw db::UnexpectedViolation("constraint violated: " + constraint);
}

inline void require(bool holds, std::string const& constraint) {
    if (!holds) violate(constraint);
}

template <class Row>
std::optional<Row> find_row(std::map<Uuid, Row> const& rows, Uuid id) {
    auto const place = rows.find(id);
    return place == rows.end() ? std::nullopt : std::optional(place->second);
}

inline void require_owner(Tables const& tables, std::optional<Uuid> const& owner_id) {
    require(!owner_id || tables.users.contains(*owner_id), "the owner is no user");
}

/// What all of them share: statements are calls. Each captures its arguments by value, since it runs when it is
/// awaited.
class Repository {
public:
    Repository(TableAccess const& access, Calls& calls) : access_(access), calls_(calls) {}

protected:
    template <class Work>
    auto read(std::string_view name, Work work) {
        auto const statement = [this, work] {
            std::invoke_result_t<Work const&, Tables const&> answer{};
            access_.read([&](Tables const& tables) { answer = work(tables); });
            return answer;
        };
        return calls_.make(name, statement);
    }

    template <class Work>
    auto write(std::string_view name, Work work) {
        using Answer = std::invoke_result_t<Work const&, Tables&>;
        auto const statement = [this, work]() -> Answer {
            if constexpr (std::is_void_v<Answer>) {
                access_.write(work);
            } else {
                Answer answer{};
                access_.write([&](Tables& tables) { answer = work(tables); });
                return answer;
            }
        };
        return calls_.make(name, statement);
    }

private:
    TableAccess const& access_;
    Calls& calls_;
};

std::unique_ptr<UserRepository> make_fake_user_repository(TableAccess const& access, Calls& calls);
std::unique_ptr<SessionRepository> make_fake_session_repository(TableAccess const& access, Calls& calls);
std::unique_ptr<ApiKeyRepository> make_fake_api_key_repository(TableAccess const& access, Calls& calls);
std::unique_ptr<InviteRepository> make_fake_invite_repository(TableAccess const& access, Calls& calls);
std::unique_ptr<AccountTokenRepository> make_fake_account_token_repository(TableAccess const& access, Calls& calls);
std::unique_ptr<SecondFactorRepository> make_fake_second_factor_repository(TableAccess const& access, Calls& calls);
std::unique_ptr<IdentityRepository> make_fake_identity_repository(TableAccess const& access, Calls& calls);
std::unique_ptr<ThrottleRepository> make_fake_throttle_repository(TableAccess const& access, Calls& calls);
std::unique_ptr<ContentRepository> make_fake_content_repository(TableAccess const& access, Calls& calls);
std::unique_ptr<ObjectRepository> make_fake_object_repository(TableAccess const& access, Calls& calls);
std::unique_ptr<UploadRepository> make_fake_upload_repository(TableAccess const& access, Calls& calls);
std::unique_ptr<ResumableUploadRepository> make_fake_resumable_upload_repository(TableAccess const& access,
                                                                                 Calls& calls);
std::unique_ptr<AuditRepository> make_fake_audit_repository(TableAccess const& access, Calls& calls);
std::unique_ptr<IdempotencyRepository> make_fake_idempotency_repository(TableAccess const& access, Calls& calls);
std::unique_ptr<Outbox> make_fake_outbox(TableAccess const& access, Calls& calls);

}  // namespace clinikk::testing
