#include "db/mapping.hpp"
#include "db/repositories.hpp"

namespace clinikk::db {
namespace {

constexpr auto find_sql = sql_text("SELECT ", columns<Identity>, " FROM identities WHERE issuer = $1 AND subject = $2");
constexpr Statement find_identity{"identity_find", find_sql};

constexpr auto insert_sql = sql_text(insert_into<Identity>("identities"), " ON CONFLICT DO NOTHING");
constexpr Statement insert_identity{"identity_insert", insert_sql};

constexpr auto insert_sign_in_sql = insert_into<SignIn>("sign_ins");
constexpr Statement sign_in_insert{"sign_in_insert", insert_sign_in_sql};
constexpr auto take_sign_in_sql =
    sql_text("DELETE FROM sign_ins WHERE state_hash = $1 AND browser_hash = $2 RETURNING ", columns<SignIn>);
constexpr Statement sign_in_take{"sign_in_take", take_sign_in_sql};
constexpr Statement remove_expired_sign_ins{"sign_in_remove_expired", "DELETE FROM sign_ins WHERE expires_at < $1"};

constexpr auto insert_code_sql = insert_into<SignInCode>("sign_in_codes");
constexpr Statement code_insert{"sign_in_code_insert", insert_code_sql};
constexpr auto find_code_sql = sql_text("SELECT ", columns<SignInCode>, " FROM sign_in_codes WHERE code_hash = $1");
constexpr Statement code_find{"sign_in_code_find", find_code_sql, Sharing::pipelined};
constexpr auto take_code_sql =
    sql_text("DELETE FROM sign_in_codes WHERE code_hash = $1 RETURNING ", columns<SignInCode>);
constexpr Statement code_take{"sign_in_code_take", take_code_sql};
constexpr Statement remove_expired_codes{"sign_in_code_remove_expired",
                                         "DELETE FROM sign_in_codes WHERE expires_at < $1"};

constexpr std::array statements{find_identity,           insert_identity, sign_in_insert, sign_in_take,
                                remove_expired_sign_ins, code_insert,     code_find,      code_take,
                                remove_expired_codes};

class SqlIdentityRepository final : public IdentityRepository {
public:
    explicit SqlIdentityRepository(Session& session) : session_(session) {}

    Task<std::optional<Identity>> find(std::string_view issuer, std::string_view subject) override {
        return find_one<Identity>(session_, find_identity, std::array{to_value(issuer), to_value(subject)});
    }

    Task<bool> insert(Identity const& identity) override {
        co_return co_await execute(session_, insert_identity, to_values(identity)) > 0;
    }

    Task<> insert_sign_in(SignIn const& sign_in) override {
        co_await execute(session_, sign_in_insert, to_values(sign_in));
    }

    Task<std::optional<SignIn>> take_sign_in(Sha256Digest const& state_hash,
                                             Sha256Digest const& browser_hash) override {
        std::array const parameters{to_value(state_hash), to_value(browser_hash)};
        return find_one<SignIn>(session_, sign_in_take, parameters);
    }

    Task<> insert_code(SignInCode const& code) override { co_await execute(session_, code_insert, to_values(code)); }

    Task<std::optional<SignInCode>> find_code(Sha256Digest const& code_hash) override {
        return find_one<SignInCode>(session_, code_find, std::array{to_value(code_hash)});
    }

    Task<std::optional<SignInCode>> take_code(Sha256Digest const& code_hash) override {
        return find_one<SignInCode>(session_, code_take, std::array{to_value(code_hash)});
    }

    Task<> remove_expired(Timestamp before) override {
        co_await execute(session_, remove_expired_sign_ins, std::array{to_value(before)});
        co_await execute(session_, remove_expired_codes, std::array{to_value(before)});
    }

private:
    Session& session_;
};

}  // namespace

std::unique_ptr<IdentityRepository> make_identity_repository(Session& session) {
    return std::make_unique<SqlIdentityRepository>(session);
}

std::span<Statement const> identity_statements() { return statements; }

}  // namespace clinikk::db
