#include "db/mapping.hpp"
#include "db/repositories.hpp"

namespace clinikk::db {

namespace {

constexpr auto insert_sql = insert_into<Object>("objects");
constexpr Statement insert_object{"object_insert", insert_sql};

constexpr Statement link_object{"object_link",
                                "INSERT INTO content_objects (content_id, role, object_id) VALUES ($1, $2, $3)"};

// Two contents that share an object may be released at once. The second waits here for the first, and its next
// statements see that the first link is gone. Otherwise each would see the link of the other, and both would keep the
// object.
constexpr Statement lock_objects{
    "object_release_lock",
    "UPDATE objects SET state = state WHERE id IN (SELECT object_id FROM content_objects WHERE content_id = $1)"};

constexpr auto release_sql = sql_text(
    "UPDATE objects SET state = 'deleting'"
    " WHERE id IN (SELECT object_id FROM content_objects WHERE content_id = $1) AND NOT EXISTS"
    " (SELECT 1 FROM content_objects o WHERE o.object_id = objects.id AND o.content_id <> $1) RETURNING ",
    columns<Object>);
constexpr Statement release_objects{"object_release", release_sql};

constexpr Statement unlink_objects{"object_unlink", "DELETE FROM content_objects WHERE content_id = $1"};

constexpr Statement remove_object{"object_remove", "DELETE FROM objects WHERE id = $1"};

constexpr Statement relocate_object{"object_relocate",
                                    "UPDATE objects SET store = $3, bucket = $4, size = $5, sha256 = $6"
                                    " WHERE id = $1 AND store = $2 AND state = 'stored'"};

// An index may be shared, as its source is: the links of all contents with that source change at once.
constexpr Statement release_indexes{
    "object_release_indexes",
    "UPDATE objects SET state = 'deleting' WHERE id IN (SELECT i.object_id FROM content_objects s"
    " JOIN content_objects i ON i.content_id = s.content_id AND i.role = 'index'"
    " WHERE s.object_id = $1 AND s.role = 'source')"};
constexpr Statement unlink_indexes{
    "object_unlink_indexes",
    "DELETE FROM content_objects WHERE role = 'index' AND content_id IN"
    " (SELECT content_id FROM content_objects WHERE object_id = $1 AND role = 'source')"};
constexpr Statement link_index{"object_link_index",
                               "INSERT INTO content_objects (content_id, role, object_id)"
                               " SELECT content_id, 'index', $2 FROM content_objects"
                               " WHERE object_id = $1 AND role = 'source'"};

constexpr auto list_unexamined_sql = sql_text(
    "SELECT ", columns<Object>,
    " FROM objects WHERE state = 'stored' AND id > $1 AND (media_type IS NULL OR EXISTS (SELECT 1"
    " FROM content_objects l JOIN contents c ON c.id = l.content_id WHERE l.object_id = objects.id"
    " AND l.role = 'source' AND (c.packaging IS NULL OR (c.packaging = 'ready' AND NOT EXISTS (SELECT 1"
    " FROM content_objects i JOIN objects x ON x.id = i.object_id WHERE i.content_id = c.id AND i.role = 'index'"
    " AND x.media_type = $2))))) ORDER BY id LIMIT $3");
constexpr Statement list_unexamined_objects{"object_list_unexamined", list_unexamined_sql};

constexpr Statement set_object_facts{"object_set_facts",
                                     "UPDATE objects SET size = $2, sha256 = $3, media_type = $4 WHERE id = $1"};

constexpr auto list_sql =
    sql_text("SELECT ", columns<Object>, " FROM objects WHERE state = $1 AND id > $2 ORDER BY id LIMIT $3");
constexpr Statement list_objects{"object_list", list_sql};

constexpr auto find_sql = sql_text("SELECT ", columns<Object>, " FROM objects WHERE id = $1");
constexpr Statement find_object{"object_find", find_sql, Sharing::pipelined};

constexpr Statement has_object_key{"object_has_key", "SELECT COUNT(*) FROM objects WHERE store = $1 AND key = $2",
                                   Sharing::pipelined};

// The sum of bigints is a numeric in PostgreSQL, hence the cast.
constexpr Statement sum_owner_bytes{"object_bytes_of_owner",
                                    "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM objects WHERE id IN"
                                    " (SELECT l.object_id FROM contents c JOIN content_objects l ON l.content_id = "
                                    "c.id WHERE c.owner_id = $1 AND l.role = 'source')"};

constexpr std::array statements{
    insert_object,  link_object,     lock_objects, release_objects,         unlink_objects,
    remove_object,  relocate_object, list_objects, list_unexamined_objects, set_object_facts,
    has_object_key, sum_owner_bytes, find_object,  release_indexes,         unlink_indexes,
    link_index};

class SqlObjectRepository final : public ObjectRepository {
public:
    explicit SqlObjectRepository(Session& session) : session_(session) {}

    Task<> insert(Object const& object) override { co_await execute(session_, insert_object, to_values(object)); }

    Task<> link(Uuid content_id, ObjectRole role, Uuid object_id) override {
        co_await execute(session_, link_object, std::array{to_value(content_id), to_value(role), to_value(object_id)});
    }

    Task<std::vector<Object>> release(Uuid content_id) override {
        std::array const parameters{to_value(content_id)};
        co_await execute(session_, lock_objects, parameters);
        auto released = co_await find_all<Object>(session_, release_objects, parameters);
        co_await execute(session_, unlink_objects, parameters);
        co_return released;
    }

    Task<> remove(Uuid object_id) override {
        co_await execute(session_, remove_object, std::array{to_value(object_id)});
    }

    Task<bool> relocate(std::string_view from, Object const& moved) override {
        std::array const parameters{to_value(moved.id),     to_value(from),       to_value(moved.store),
                                    to_value(moved.bucket), to_value(moved.size), to_value(moved.sha256)};
        co_return co_await execute(session_, relocate_object, parameters) > 0;
    }

    Task<std::optional<Object>> find(Uuid object_id) override {
        return find_one<Object>(session_, find_object, std::array{to_value(object_id)});
    }

    Task<std::vector<Object>> list(ObjectState state, Uuid after, std::size_t limit) override {
        return find_all<Object>(session_, list_objects,
                                std::array{to_value(state), to_value(after), to_value(std::uint64_t{limit})});
    }

    Task<std::uint64_t> set_index(Uuid source_id, std::optional<Uuid> index_id) override {
        std::array const source{to_value(source_id)};
        co_await execute(session_, release_indexes, source);
        co_await execute(session_, unlink_indexes, source);
        if (!index_id) co_return 0;
        co_return co_await execute(session_, link_index, std::array{to_value(source_id), to_value(*index_id)});
    }

    Task<std::vector<Object>> list_unexamined(std::string_view index_type, Uuid after, std::size_t limit) override {
        return find_all<Object>(session_, list_unexamined_objects,
                                std::array{to_value(after), to_value(index_type), to_value(std::uint64_t{limit})});
    }

    Task<> set_facts(Uuid object_id, std::uint64_t size, Sha256Digest const& sha256,
                     std::optional<std::string> const& media_type) override {
        std::array const parameters{to_value(object_id), to_value(size), to_value(sha256), to_value(media_type)};
        co_await execute(session_, set_object_facts, parameters);
    }

    Task<bool> has_key(std::string_view store, std::string_view key) override {
        co_return co_await get_number(session_, has_object_key, std::array{to_value(store), to_value(key)}) > 0;
    }

    Task<std::uint64_t> bytes_of_owner(Uuid owner_id) override {
        auto const sum = co_await get_number(session_, sum_owner_bytes, std::array{to_value(owner_id)});
        co_return static_cast<std::uint64_t>(sum);
    }

private:
    Session& session_;
};

}  // namespace

std::unique_ptr<ObjectRepository> make_object_repository(Session& session) {
    return std::make_unique<SqlObjectRepository>(session);
}

std::span<Statement const> object_statements() { return statements; }

}  // namespace clinikk::db
