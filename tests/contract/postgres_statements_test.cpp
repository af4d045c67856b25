#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>

#include "contract/database_contract.hpp"
#include "db/postgres/blocking_connection.hpp"
#include "db/postgres/migrations.hpp"
#include "db/repositories.hpp"

namespace clinikk::testing {
namespace {

constexpr char fill[] = R"sql(
    INSERT INTO users SELECT gen_random_uuid(), i::text, i::text, '', 'viewer', true, now() - i * interval '1 s'
        FROM generate_series(1, 100000) i;
    INSERT INTO sessions (id, user_id, created_at, expires_at)
        SELECT gen_random_uuid(), id, created_at, created_at FROM users;
    INSERT INTO refresh_tokens (token_hash, session_id, issued_at, expires_at)
        SELECT sha256(id::text::bytea), id, created_at, created_at FROM sessions;
    INSERT INTO account_tokens SELECT sha256(id::text::bytea), id, 'password_reset', created_at, created_at, NULL FROM users;
    INSERT INTO api_keys (id, user_id, name, prefix, key_hash, scopes, created_at)
        SELECT gen_random_uuid(), id, 'a key', 'ctv_', sha256(id::text::bytea), 'content:read', created_at FROM users;
    INSERT INTO account_removals (user_id, contents, requested_at) SELECT id, 'keep', created_at FROM users;
    INSERT INTO invites SELECT gen_random_uuid(), sha256(id::text::bytea), 'viewer', id, created_at, created_at FROM users;
    INSERT INTO totp SELECT id, '', created_at, created_at, 0 FROM users;
    INSERT INTO recovery_codes SELECT sha256(user_id::text::bytea), user_id FROM totp;
    INSERT INTO identities SELECT 'https://id.example.com', id::text, id, created_at FROM users;
    INSERT INTO sign_ins
        SELECT sha256(id::text::bytea), sha256(''), '', '', '', '', '', '', created_at FROM users;
    INSERT INTO sign_in_codes SELECT sha256(id::text::bytea), id, '', created_at FROM users;
    INSERT INTO throttles SELECT sha256(id::text::bytea), 1, 0, created_at FROM users;
    INSERT INTO contents (id, title, description, storage_url, content_type, owner_id, visibility, status, created_at,
                          updated_at)
        SELECT gen_random_uuid(), 't', '', 'https://example.org', CASE WHEN random() < 0.5 THEN 'video' ELSE 'audio' END, id, 'public',
               'ready', created_at, created_at FROM users;
    INSERT INTO objects (id, store, bucket, key, size, sha256, media_type, state, created_at)
        SELECT gen_random_uuid(), 'local', '', id::text, 1, sha256(''), 'video/mp4', 'stored', created_at FROM contents;
    INSERT INTO content_objects SELECT c.id, 'source', o.id FROM contents c JOIN objects o ON o.key = c.id::text;
    INSERT INTO uploads (id, content_id, owner_id, method, state, "offset", object_id, store, object_key, s3_upload_id,
                         holder, lease_until, expires_at, created_at)
        SELECT gen_random_uuid(), id, owner_id, 'form', 'receiving', 0, id, 'local', '', '', 'me', created_at,
               created_at, created_at FROM contents;
    INSERT INTO resumable_uploads
        SELECT gen_random_uuid(), id, CASE WHEN random() < 0.9 THEN 'done' ELSE 'open' END, 0, NULL, false, '', '', 'none', '', '',
               sha256(''), '', NULL, NULL, '', created_at, created_at FROM users;
    INSERT INTO audit_events (id, at, action, actor_kind, actor_id, target_kind, target_id, details)
        SELECT gen_random_uuid(), created_at, 'content.created', 'account', owner_id, 'content', id, '{}' FROM contents;
    INSERT INTO idempotency_keys
        SELECT id, sha256(id::text::bytea), sha256(''), gen_random_uuid(), 'answered', NULL, '', created_at, created_at FROM users;
    ALTER TABLE outbox DISABLE TRIGGER outbox_number;
    INSERT INTO outbox SELECT row_number() OVER (), gen_random_uuid(), 'x', id, '{}', created_at FROM contents;
    ALTER TABLE outbox ENABLE TRIGGER outbox_number;
    ANALYZE)sql";

class PostgresStatements : public ::testing::Test {
protected:
    void SetUp() override {
        char const* const server = std::getenv("TEST_POSTGRES_URL");
        if (server == nullptr) GTEST_SKIP() << "no PostgreSQL: run it under tools/with-postgres";
        auto name = "statements_" + new_uuid().to_string();
        std::ranges::replace(name, '-', '_');
        db::BlockingConnection(std::string(server) + "/postgres").run_script("CREATE DATABASE " + name);
        db::PostgresOptions const options{.conninfo = std::string(server) + "/" + name};
        db::migrate_postgres(options, log_);
        connection_.emplace(options.conninfo);
        // Plans for whatever parameters come, as a long-lived connection ends up with.
        connection_->run_script("SET plan_cache_mode = force_generic_plan");
    }

    std::string quoted(db::Statement const& statement) { return '"' + std::string(statement.name) + '"'; }

    void prepare(db::Statement const& statement) {
        connection_->run_script("PREPARE " + quoted(statement) + " AS " + std::string(statement.sql));
    }

    /// The plan's lines.
    std::string explain(db::Statement const& statement) {
        std::size_t parameters = 0;
        while (statement.sql.find('$' + std::to_string(parameters + 1)) != std::string_view::npos) ++parameters;
        std::string arguments;
        for (std::size_t i = 0; i < parameters; ++i) arguments += i == 0 ? "(NULL" : ", NULL";
        if (parameters > 0) arguments += ')';
        auto const sql = "EXPLAIN (COSTS OFF) EXECUTE " + quoted(statement) + arguments;
        std::string plan;
        connection_->read_rows(sql, [&](auto row) { plan.append(row[0].value_or("")).append("\n"); });
        return plan;
    }

    Log log_{LogLevel::error, LogFormat::text};
    std::optional<db::BlockingConnection> connection_;
};

TEST_F(PostgresStatements, AllCanBePreparedAndNoneWalksThroughATable) {
    for (auto const& statement : db::all_statements()) EXPECT_NO_THROW(prepare(statement)) << statement.name;
    connection_->run_script(fill);
    // What reads all rows on purpose, and looks for the few among all contents that have no object, which only `gc`
    // does; of the schema's versions and of writes in flight there are few.
    std::set<std::string_view> const allowed{"content_list_linked", "database_check", "upload_count_writes"};
    for (auto const& statement : db::all_statements()) {
        if (allowed.contains(statement.name)) continue;
        auto const plan = explain(statement);
        EXPECT_FALSE(plan.empty()) << statement.name;
        EXPECT_EQ(plan.find("Seq Scan on"), std::string::npos) << statement.name << ":\n" << plan;
    }
}

}  // namespace
}  // namespace clinikk::testing
