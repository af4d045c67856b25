#include "db/mapping.hpp"
#include "db/repositories.hpp"

namespace clinikk::db {
namespace {

constexpr auto insert_sql = insert_into<Totp>("totp");
constexpr Statement insert_totp{"totp_insert", insert_sql};

constexpr auto find_sql = sql_text("SELECT ", columns<Totp>, " FROM totp WHERE user_id = $1");
constexpr Statement find_totp{"totp_find", find_sql};

constexpr Statement accept_totp_step{
    "totp_accept_step", "UPDATE totp SET last_step = $2, sealed_secret = $3 WHERE user_id = $1 AND last_step < $2"};
constexpr Statement confirm_totp{"totp_confirm", "UPDATE totp SET confirmed_at = $2 WHERE user_id = $1"};
constexpr Statement remove_totp{"totp_remove", "DELETE FROM totp WHERE user_id = $1"};

constexpr auto insert_code_sql = insert_into<RecoveryCode>("recovery_codes");
constexpr Statement insert_code{"recovery_code_insert", insert_code_sql};
constexpr Statement use_code{"recovery_code_use", "DELETE FROM recovery_codes WHERE code_hash = $2 AND user_id = $1"};

constexpr std::array statements{insert_totp, find_totp,   accept_totp_step, confirm_totp,
                                remove_totp, insert_code, use_code};

class SqlSecondFactorRepository final : public SecondFactorRepository {
public:
    explicit SqlSecondFactorRepository(Session& session) : session_(session) {}

    Task<> replace(Totp const& totp) override {
        co_await execute(session_, remove_totp, std::array{to_value(totp.user_id)});
        co_await execute(session_, insert_totp, to_values(totp));
    }

    Task<std::optional<Totp>> find(Uuid user_id) override {
        return find_one<Totp>(session_, find_totp, std::array{to_value(user_id)});
    }

    Task<bool> accept_step(Uuid user_id, std::int64_t step, std::string const& sealed_secret) override {
        std::array const parameters{to_value(user_id), to_value(step), to_value(sealed_secret)};
        co_return co_await execute(session_, accept_totp_step, parameters) > 0;
    }

    Task<> confirm(Uuid user_id, Timestamp at) override {
        co_await execute(session_, confirm_totp, std::array{to_value(user_id), to_value(at)});
    }

    Task<> remove(Uuid user_id) override { co_await execute(session_, remove_totp, std::array{to_value(user_id)}); }

    Task<> insert_recovery_code(RecoveryCode const& code) override {
        co_await execute(session_, insert_code, to_values(code));
    }

    Task<bool> use_recovery_code(Uuid user_id, Sha256Digest const& code_hash) override {
        std::array const parameters{to_value(user_id), to_value(code_hash)};
        co_return co_await execute(session_, use_code, parameters) > 0;
    }

private:
    Session& session_;
};

}  // namespace

std::unique_ptr<SecondFactorRepository> make_second_factor_repository(Session& session) {
    return std::make_unique<SqlSecondFactorRepository>(session);
}

std::span<Statement const> second_factor_statements() { return statements; }

}  // namespace clinikk::db
