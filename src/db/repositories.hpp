#pragma once

#include <memory>
#include <span>
#include <vector>

#include "db/database.hpp"
#include "domain/unit_of_work.hpp"

/// The repositories, in SQL that both drivers understand. Each runs its statements on the session that it is given and
/// must not outlive it.
namespace clinikk::db {

std::unique_ptr<UserRepository> make_user_repository(Session& session);
std::unique_ptr<SessionRepository> make_session_repository(Session& session);
std::unique_ptr<ApiKeyRepository> make_api_key_repository(Session& session);
std::unique_ptr<InviteRepository> make_invite_repository(Session& session);
std::unique_ptr<AccountTokenRepository> make_account_token_repository(Session& session);
std::unique_ptr<SecondFactorRepository> make_second_factor_repository(Session& session);
std::unique_ptr<IdentityRepository> make_identity_repository(Session& session);
std::unique_ptr<ThrottleRepository> make_throttle_repository(Session& session);
std::unique_ptr<ContentRepository> make_content_repository(Session& session);
std::unique_ptr<ObjectRepository> make_object_repository(Session& session);
std::unique_ptr<UploadRepository> make_upload_repository(Session& session);
std::unique_ptr<ResumableUploadRepository> make_resumable_upload_repository(Session& session);
std::unique_ptr<AuditRepository> make_audit_repository(Session& session);
std::unique_ptr<IdempotencyRepository> make_idempotency_repository(Session& session);
std::unique_ptr<Outbox> make_outbox(Session& session);

std::span<Statement const> user_statements();
std::span<Statement const> session_statements();
std::span<Statement const> api_key_statements();
std::span<Statement const> invite_statements();
std::span<Statement const> account_token_statements();
std::span<Statement const> second_factor_statements();
std::span<Statement const> identity_statements();
std::span<Statement const> throttle_statements();
std::span<Statement const> content_statements();
std::span<Statement const> object_statements();
std::span<Statement const> upload_statements();
std::span<Statement const> resumable_upload_statements();
std::span<Statement const> audit_statements();
std::span<Statement const> idempotency_statements();
std::span<Statement const> outbox_statements();
std::span<Statement const> signal_statements();
std::span<Statement const> check_statements();

/// Every statement that the program runs. The tests prepare and explain each of them on each driver.
std::vector<Statement> all_statements();

}  // namespace clinikk::db
