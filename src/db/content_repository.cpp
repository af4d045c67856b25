#include "db/mapping.hpp"
#include "db/repositories.hpp"

namespace clinikk::db {

/// Those columns of a playable source that belong to the content; the others belong to the object.
template <>
inline constexpr auto column_prefix<PlayableSource> = [](std::string_view member) -> std::string_view {
    return member == "title" || member == "file_name" || member == "storage_url" ? "c." : "o.";
};

namespace {

constexpr auto insert_sql = insert_into<Content>("contents");
constexpr Statement insert_content{"content_insert", insert_sql};

constexpr auto find_sql = sql_text("SELECT ", columns<Content>, " FROM contents WHERE id = $1");
constexpr Statement find_content{"content_find", find_sql, Sharing::pipelined};

// One statement for each filter and order, so that each walks along one index.
constexpr auto list_newest_sql = sql_text("SELECT ", columns<Content>,
                                          " FROM contents WHERE (created_at, id) < ($1, $2)"
                                          " ORDER BY created_at DESC, id DESC LIMIT $3 OFFSET $4");
constexpr Statement list_newest{"content_list_newest", list_newest_sql};

constexpr auto list_oldest_sql = sql_text("SELECT ", columns<Content>,
                                          " FROM contents WHERE (created_at, id) > ($1, $2)"
                                          " ORDER BY created_at, id LIMIT $3 OFFSET $4");
constexpr Statement list_oldest{"content_list_oldest", list_oldest_sql};

constexpr auto list_kind_newest_sql = sql_text("SELECT ", columns<Content>,
                                               " FROM contents WHERE content_type = $5 AND (created_at, id) < ($1, $2)"
                                               " ORDER BY created_at DESC, id DESC LIMIT $3 OFFSET $4");
constexpr Statement list_kind_newest{"content_list_kind_newest", list_kind_newest_sql};

constexpr auto list_kind_oldest_sql = sql_text("SELECT ", columns<Content>,
                                               " FROM contents WHERE content_type = $5 AND (created_at, id) > ($1, $2)"
                                               " ORDER BY created_at, id LIMIT $3 OFFSET $4");
constexpr Statement list_kind_oldest{"content_list_kind_oldest", list_kind_oldest_sql};

constexpr auto update_sql = sql_text("UPDATE contents SET updated_at = $2, ", changed_columns<ContentDescription, 3>,
                                     " WHERE id = $1 RETURNING ", columns<Content>);
constexpr Statement update_content{"content_update", update_sql};

constexpr Statement remove_content{"content_remove", "DELETE FROM contents WHERE id = $1"};

constexpr auto find_source_sql =
    sql_text("SELECT ", columns<PlayableSource>,
             " FROM content_objects l JOIN objects o ON o.id = l.object_id JOIN contents c ON c.id = l.content_id"
             " WHERE l.content_id = $1 AND l.role = 'source' AND o.state = 'stored'");
constexpr Statement find_content_source{"content_find_source", find_source_sql, Sharing::pipelined};

constexpr Statement set_content_storage_url{
    "content_set_storage_url",
    "UPDATE contents SET storage_url = $2 WHERE id IN"
    " (SELECT content_id FROM content_objects WHERE object_id = $1 AND role = 'source')"};

constexpr auto set_source_facts_sql =
    sql_text("UPDATE contents SET duration = COALESCE(duration, $2), ", assigned_columns<SourceMembers, 3>,
             " WHERE id IN (SELECT content_id FROM content_objects WHERE object_id = $1 AND role = 'source')");
constexpr Statement set_content_source_facts{"content_set_source_facts", set_source_facts_sql};

constexpr Statement list_source_kinds{
    "content_kinds_of_source",
    "SELECT content_type FROM contents WHERE id IN"
    " (SELECT content_id FROM content_objects WHERE object_id = $1 AND role = 'source')"};

constexpr Statement list_linked_contents{
    "content_list_linked",
    "SELECT id, storage_url FROM contents WHERE id > $1 AND storage_url IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM content_objects o WHERE o.content_id = contents.id) ORDER BY id LIMIT $2"};

constexpr Statement set_content_owner{"content_set_owner", "UPDATE contents SET owner_id = $2 WHERE id = $1"};

constexpr Statement set_owner_of_unowned_contents{
    "content_set_owner_of_unowned",
    "UPDATE contents SET owner_id = $1 WHERE id IN (SELECT id FROM contents WHERE owner_id IS NULL LIMIT $2)"};

constexpr std::array statements{insert_content,
                                find_content,
                                list_newest,
                                list_oldest,
                                list_kind_newest,
                                list_kind_oldest,
                                update_content,
                                remove_content,
                                find_content_source,
                                set_content_storage_url,
                                set_content_source_facts,
                                list_source_kinds,
                                list_linked_contents,
                                set_content_owner,
                                set_owner_of_unowned_contents};

Statement const& list_statement(ContentQuery const& query) {
    bool const newest = query.sort == ContentSort::newest_first;
    if (query.kind) return newest ? list_kind_newest : list_kind_oldest;
    return newest ? list_newest : list_oldest;
}

/// A position before all rows, so that the first page needs no statement of its own.
ContentCursor before_all(ContentSort sort) {
    using namespace std::chrono_literals;
    ContentCursor cursor{.created_at = std::chrono::sys_days{1y / 1 / 1}, .id = {}};
    if (sort == ContentSort::newest_first) {
        cursor.created_at = std::chrono::sys_days{9999y / 12 / 31};
        cursor.id.bytes.fill(0xff);
    }
    return cursor;
}

class SqlContentRepository final : public ContentRepository {
public:
    explicit SqlContentRepository(Session& session) : session_(session) {}

    Task<> insert(Content const& content) override { co_await execute(session_, insert_content, to_values(content)); }

    Task<std::optional<Content>> find(Uuid id) override {
        return find_one<Content>(session_, find_content, std::array{to_value(id)});
    }

    Task<std::vector<Content>> list(ContentQuery const& query) override {
        ContentCursor const from = query.after ? *query.after : before_all(query.sort);
        std::array<Value, 5> const parameters{from.created_at, from.id, query.limit, query.skip, {}};
        auto const expected = static_cast<std::size_t>(std::clamp<std::int64_t>(query.limit, 0, 100));
        if (!query.kind) {
            std::array const first_four{parameters[0], parameters[1], parameters[2], parameters[3]};
            return find_all<Content>(session_, list_statement(query), first_four, expected);
        }
        std::array const all_five{parameters[0], parameters[1], parameters[2], parameters[3], to_value(*query.kind)};
        return find_all<Content>(session_, list_statement(query), all_five, expected);
    }

    Task<std::optional<Content>> update(Uuid id, ContentChanges const& changes, Timestamp at) override {
        auto const parameters = join_values(std::array{to_value(id), to_value(at)}, change_values(changes));
        return find_one<Content>(session_, update_content, parameters);
    }

    Task<bool> remove(Uuid id) override {
        co_return co_await execute(session_, remove_content, std::array{to_value(id)}) > 0;
    }

    Task<> set_storage_url(Uuid object_id, std::optional<std::string> const& url) override {
        std::array const parameters{to_value(object_id), to_value(url)};
        co_await execute(session_, set_content_storage_url, parameters);
    }

    Task<std::optional<PlayableSource>> find_source(Uuid id) override {
        return find_one<PlayableSource>(session_, find_content_source, std::array{to_value(id)});
    }

    Task<> set_source_facts(Uuid object_id, SourceFacts const& facts) override {
        auto const seconds = facts.media ? facts.media->duration() : std::nullopt;
        auto const members = source_members(facts);
        auto const parameters = join_values(std::array{to_value(object_id), to_value(seconds)}, to_values(members));
        co_await execute(session_, set_content_source_facts, parameters);
    }

    Task<std::vector<ContentKind>> kinds_of_source(Uuid object_id) override {
        auto kinds = co_await find_all<ContentKind>(session_, list_source_kinds, std::array{to_value(object_id)});
        std::ranges::sort(kinds);
        auto const repeated = std::ranges::unique(kinds);
        kinds.erase(repeated.begin(), repeated.end());
        co_return kinds;
    }

    Task<std::vector<LinkedContent>> list_linked(Uuid after, std::size_t limit) override {
        return find_all<LinkedContent>(session_, list_linked_contents,
                                       std::array{to_value(after), to_value(std::uint64_t{limit})});
    }

    Task<bool> set_owner(Uuid id, Uuid owner_id) override {
        co_return co_await execute(session_, set_content_owner, std::array{to_value(id), to_value(owner_id)}) > 0;
    }

    Task<std::uint64_t> set_owner_of_unowned(Uuid owner_id, std::size_t limit) override {
        return execute(session_, set_owner_of_unowned_contents,
                       std::array{to_value(owner_id), to_value(std::uint64_t{limit})});
    }

private:
    Session& session_;
};

}  // namespace

std::unique_ptr<ContentRepository> make_content_repository(Session& session) {
    return std::make_unique<SqlContentRepository>(session);
}

std::span<Statement const> content_statements() { return statements; }

}  // namespace clinikk::db
