#include <sqlite3.h>

#include <map>
#include <set>

#include "contract/database_contract.hpp"
#include "db/repositories.hpp"
#include "db/sqlite/migrations.hpp"
#include "db/sqlite/sqlite_connection.hpp"
#include "support/temporary_directory.hpp"

namespace clinikk::testing {
namespace {

using db::SqliteConnection;

class SqliteStatements : public ::testing::Test {
protected:
    /// The steps of a statement's plan.
    std::vector<std::string> explain(std::string_view sql) {
        std::string const explained = "EXPLAIN QUERY PLAN " + std::string(sql);
        sqlite3_stmt* statement = nullptr;
        EXPECT_EQ(sqlite3_prepare_v2(connection_.handle(), explained.c_str(), -1, &statement, nullptr), SQLITE_OK);
        std::vector<std::string> steps;
        while (sqlite3_step(statement) == SQLITE_ROW) {
            steps.emplace_back(reinterpret_cast<char const*>(sqlite3_column_text(statement, 3)));
        }
        sqlite3_finalize(statement);
        return steps;
    }

    /// Some rows in each table, and statistics of them, as a database in use has.
    void fill() {
        connection_.run_script(R"sql(
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
            INSERT INTO users (id, email, email_key, password_hash, role, is_active, created_at)
                SELECT randomblob(16), i, i, '', iif(i % 100, 'viewer', 'admin'), 1, i FROM n;
            INSERT INTO sessions (id, user_id, created_at, expires_at)
                SELECT randomblob(16), id, created_at, created_at FROM users;
            INSERT INTO refresh_tokens (token_hash, session_id, issued_at, expires_at)
                SELECT randomblob(32), id, created_at, created_at FROM sessions;
            INSERT INTO account_tokens SELECT randomblob(32), id, 'password_reset', created_at, created_at, NULL FROM users;
            INSERT INTO api_keys SELECT randomblob(16), id, 'a key', 'ctv_', randomblob(32), 'content:read', created_at,
                       NULL, NULL FROM users;
            INSERT INTO identities SELECT 'https://id.example.com', hex(id), id, created_at FROM users;
            INSERT INTO invites SELECT randomblob(16), randomblob(32), 'viewer', id, created_at, created_at FROM users;
            INSERT INTO totp SELECT id, '', created_at, created_at, 0 FROM users;
            INSERT INTO recovery_codes SELECT randomblob(32), user_id FROM totp;
            INSERT INTO sign_ins SELECT randomblob(32), randomblob(32), '', '', '', '', '', '', created_at FROM users;
            INSERT INTO sign_in_codes SELECT randomblob(32), id, '', created_at FROM users;
            INSERT INTO throttles SELECT randomblob(32), 1, 0, created_at FROM users;
            INSERT INTO contents (id, title, description, content_type, owner_id, visibility, status, created_at,
                                  updated_at)
                SELECT randomblob(16), 't', '', iif(created_at % 3, 'video', 'audio'), id, 'public', 'ready',
                       created_at, created_at FROM users;
            INSERT INTO objects SELECT randomblob(16), 'local', '', hex(id), 1, randomblob(32), 'video/mp4', 'stored',
                       created_at FROM contents;
            INSERT INTO content_objects SELECT c.id, 'source', o.id FROM contents c JOIN objects o ON o.key = hex(c.id);
            INSERT INTO uploads SELECT randomblob(16), id, owner_id, 'form', 'receiving', 0, NULL, id, 'local', '', '',
                       'me', created_at, created_at, created_at, NULL, NULL FROM contents;
            INSERT INTO resumable_uploads
                SELECT randomblob(16), id, iif(created_at % 10, 'done', 'open'), 0, NULL, 0, '', '', 'none', '', '',
                       randomblob(32), '', NULL, NULL, '', created_at, created_at FROM users;
            INSERT INTO audit_events (id, at, action, actor_kind, actor_id, target_kind, target_id, details)
                SELECT randomblob(16), created_at, 'content.created', 'account', owner_id, 'content', id, '{}'
                FROM contents;
            INSERT INTO idempotency_keys
                SELECT id, randomblob(32), randomblob(32), randomblob(16), 'answered', NULL, '', created_at, created_at
                FROM users;
            INSERT INTO outbox (id, type, subject, payload, created_at)
                SELECT randomblob(16), 'x', id, '{}', created_at FROM contents;
        )sql");
    }

    TemporaryDirectory directory_;
    Log log_{LogLevel::error, LogFormat::text};
    db::SqliteOptions options_{.path = directory_.path() / "test.db"};
    SqliteConnection connection_{migrated(), SqliteConnection::Use::write, options_.busy_timeout};

private:
    std::filesystem::path const& migrated() {
        db::migrate_sqlite(options_, log_);
        return options_.path;
    }
};

TEST_F(SqliteStatements, AllHaveNamesOfTheirOwn) {
    std::set<std::string_view> names;
    for (auto const& statement : db::all_statements()) {
        EXPECT_TRUE(names.insert(statement.name).second) << statement.name;
    }
    EXPECT_GT(names.size(), 30U);
}

TEST_F(SqliteStatements, AllCanBePrepared) {
    for (auto const& statement : db::all_statements()) {
        EXPECT_NO_THROW(connection_.prepare(statement)) << statement.name;
    }
}

TEST_F(SqliteStatements, NoneWalksThroughATable) {
    // What walks through all rows on purpose does so along an index; of writes in flight there are few.
    std::map<std::string_view, std::string> const allowed{
        {"upload_count_writes", "SCAN uploads"},
        {"resumable_upload_list_unfinished", "SCAN resumable_uploads USING INDEX resumable_uploads_unfinished_idx"},
        {"invite_list_open", "SCAN invites USING INDEX invites_created_at_id_idx"},
        {"user_has_other_admin", "SCAN users USING INDEX users_admin_idx"},
        {"account_removal_list", "SCAN account_removals"},
        {"idempotency_find_place", "SCAN idempotency_keys USING COVERING INDEX idempotency_keys_expires_at_idx"},
        {"audit_find_place", "SCAN audit_events USING COVERING INDEX audit_events_at_id_idx"},
    };
    // What sorts a few rows: the sessions of an account, and three beginnings of a listing no longer than its page.
    std::set<std::string_view> const sorting{"session_list_active", "content_list_account_newest",
                                             "content_list_account_oldest", "content_list_account_kind_newest",
                                             "content_list_account_kind_oldest"};
    auto const check = [&](std::string_view when) {
        for (auto const& statement : db::all_statements()) {
            for (auto const& step : explain(statement.sql)) {
                bool const sorts = step.find("TEMP B-TREE") != std::string::npos;
                EXPECT_TRUE(!sorts || sorting.contains(statement.name)) << when << statement.name << ": " << step;
                // What a subquery has found is no table.
                if (!step.starts_with("SCAN") || step.starts_with("SCAN walk")) continue;
                auto const found = allowed.find(statement.name);
                EXPECT_TRUE(found != allowed.end() && found->second == step) << when << statement.name << ": " << step;
            }
        }
    };
    check("empty: ");
    fill();
    check("filled: ");
    connection_.run_script("ANALYZE");
    check("analyzed: ");
}

TEST_F(SqliteStatements, ListingsFollowTheirIndexes) {
    std::map<std::string_view, std::string_view> const expected{
        {"content_list_public_newest",
         "contents_visibility_created_at_id_idx (visibility=? AND (created_at,id)<(?,?))"},
        {"content_list_public_oldest",
         "contents_visibility_created_at_id_idx (visibility=? AND (created_at,id)>(?,?))"},
        {"content_list_public_kind_newest",
         "contents_visibility_content_type_created_at_id_idx (visibility=? AND content_type=? AND "
         "(created_at,id)<(?,?))"},
        {"content_list_newest", "contents_created_at_id_idx ((created_at,id)<(?,?))"},
        {"content_list_oldest", "contents_created_at_id_idx ((created_at,id)>(?,?))"},
        {"content_list_kind_newest",
         "contents_content_type_created_at_id_idx (content_type=? AND (created_at,id)<(?,?))"},
        {"content_list_kind_oldest",
         "contents_content_type_created_at_id_idx (content_type=? AND (created_at,id)>(?,?))"},
        {"content_list_owned", "contents_owner_id_id_idx (owner_id=? AND id>?)"},
        {"user_list", "users_created_at_id_idx ((created_at,id)>(?,?))"},
        {"audit_list", "audit_events_at_id_idx (at>? AND (at,id)<(?,?))"},
        {"audit_list_of_actor", "audit_events_actor_id_at_id_idx (actor_id=? AND at>? AND (at,id)<(?,?))"},
        {"audit_list_of_target", "audit_events_target_id_at_id_idx (target_id=? AND at>? AND (at,id)<(?,?))"},
        {"api_key_list", "api_keys_user_id_created_at_id_idx (user_id=?)"},
        {"upload_in_flight", "uploads_owner_id_lease_until_idx (owner_id=?)"},
        {"upload_list_abandoned", "uploads_lease_until_id_idx (lease_until<?)"},
        {"resumable_upload_list_open", "resumable_uploads_owner_id_state_id_idx (owner_id=? AND state=? AND id<?)"},
        {"object_list", "objects_state_id_idx (state=? AND id>?)"},
    };
    fill();
    std::size_t checked = 0;
    for (auto const& statement : db::all_statements()) {
        auto const found = expected.find(statement.name);
        if (found == expected.end()) continue;
        ++checked;
        auto const steps = explain(statement.sql);
        ASSERT_EQ(steps.size(), 1U) << statement.name;
        EXPECT_TRUE(steps[0].ends_with(found->second)) << statement.name << ": " << steps[0];
    }
    EXPECT_EQ(checked, expected.size());
}

}  // namespace
}  // namespace clinikk::testing
