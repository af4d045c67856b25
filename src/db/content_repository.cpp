#include "db/mapping.hpp"
#include "db/repositories.hpp"

namespace clinikk::db {

/// Those columns of a playable source that belong to the content; the others belong to the object.
template <>
inline constexpr auto column_prefix<PlayableSource> = [](std::string_view member) -> std::string_view {
    for (std::string_view const of_content : {"title", "file_name", "storage_url", "owner_id", "visibility"}) {
        if (member == of_content) return "c.";
    }
    return "o.";
};

/// The same with the verdict about the source, and the object that is linked as its index.
template <>
inline constexpr auto column_prefix<PackagedSource> = [](std::string_view member) -> std::string_view {
    if (member == "packaging" || member == "packaging_reason") return "c.";
    return member == "index_id" ? "i.object_id AS " : column_prefix<PlayableSource>(member);
};

namespace {

constexpr auto insert_sql = insert_into<Content>("contents");
constexpr Statement insert_content{"content_insert", insert_sql};

constexpr auto find_sql = sql_text("SELECT ", columns<Content>, " FROM contents WHERE id = $1");
constexpr Statement find_content{"content_find", find_sql, Sharing::pipelined};

// One statement for each audience, filter and order, so that each walks along one index. That for an account merges
// three such walks: what is public, what is for members, and what else the account owns.

/// The condition and the order of a page: `(created_at, id)` comes behind the cursor.
constexpr auto newest_page = sql_text(" AND (created_at, id) < ($1, $2)");
constexpr auto oldest_page = sql_text(" AND (created_at, id) > ($1, $2)");
constexpr auto newest_first = sql_text(" ORDER BY created_at DESC, id DESC");
constexpr auto oldest_first = sql_text(" ORDER BY created_at, id");
constexpr auto page_only = sql_text(" LIMIT $3 OFFSET $4");

template <std::size_t N>
consteval auto select_contents(char const (&condition)[N]) {
    return sql_text("SELECT ", columns<Content>, " FROM contents WHERE ", condition);
}
constexpr auto all_contents = select_contents("true");
constexpr auto public_contents = select_contents("visibility = 'public'");
constexpr auto member_contents = select_contents("visibility = 'members'");
constexpr auto other_own_contents = select_contents("owner_id = $5 AND visibility IN ('unlisted', 'private')");

/// One of the walks for an account. It ends where the page ends at the latest; the limit also tells the planner so.
template <class Contents, class Page, class Order, std::size_t N>
consteval auto walk(Contents const& contents, Page const& page, char const (&kind)[N], Order const& order) {
    return sql_text("SELECT * FROM (", contents, page, kind, order,
                    " LIMIT CAST($3 AS bigint) + CAST($4 AS bigint)) walk");
}
template <class Page, class Order, std::size_t N>
consteval auto account_contents(Page const& page, char const (&kind)[N], Order const& order) {
    return sql_text("SELECT * FROM (", walk(public_contents, page, kind, order), " UNION ALL ",
                    walk(member_contents, page, kind, order), " UNION ALL ",
                    walk(other_own_contents, page, kind, order), ") walks", order, page_only);
}

constexpr auto public_newest_sql = sql_text(public_contents, newest_page, newest_first, page_only);
constexpr auto public_oldest_sql = sql_text(public_contents, oldest_page, oldest_first, page_only);
constexpr auto public_kind_newest_sql =
    sql_text(public_contents, newest_page, " AND content_type = $5", newest_first, page_only);
constexpr auto public_kind_oldest_sql =
    sql_text(public_contents, oldest_page, " AND content_type = $5", oldest_first, page_only);
constexpr auto account_newest_sql = account_contents(newest_page, "", newest_first);
constexpr auto account_oldest_sql = account_contents(oldest_page, "", oldest_first);
constexpr auto account_kind_newest_sql = account_contents(newest_page, " AND content_type = $6", newest_first);
constexpr auto account_kind_oldest_sql = account_contents(oldest_page, " AND content_type = $6", oldest_first);
constexpr auto all_newest_sql = sql_text(all_contents, newest_page, newest_first, page_only);
constexpr auto all_oldest_sql = sql_text(all_contents, oldest_page, oldest_first, page_only);
constexpr auto all_kind_newest_sql =
    sql_text(all_contents, newest_page, " AND content_type = $5", newest_first, page_only);
constexpr auto all_kind_oldest_sql =
    sql_text(all_contents, oldest_page, " AND content_type = $5", oldest_first, page_only);

/// The listings of an audience: all kinds or one, and the newest or the oldest first.
struct Listings {
    Statement newest;
    Statement oldest;
    Statement kind_newest;
    Statement kind_oldest;

    Statement const& of(ContentQuery const& query) const {
        bool const is_newest = query.sort == ContentSort::newest_first;
        if (query.kind) return is_newest ? kind_newest : kind_oldest;
        return is_newest ? newest : oldest;
    }
};
constexpr Listings public_listings{{"content_list_public_newest", public_newest_sql},
                                   {"content_list_public_oldest", public_oldest_sql},
                                   {"content_list_public_kind_newest", public_kind_newest_sql},
                                   {"content_list_public_kind_oldest", public_kind_oldest_sql}};
constexpr Listings account_listings{{"content_list_account_newest", account_newest_sql},
                                    {"content_list_account_oldest", account_oldest_sql},
                                    {"content_list_account_kind_newest", account_kind_newest_sql},
                                    {"content_list_account_kind_oldest", account_kind_oldest_sql}};
constexpr Listings all_listings{{"content_list_newest", all_newest_sql},
                                {"content_list_oldest", all_oldest_sql},
                                {"content_list_kind_newest", all_kind_newest_sql},
                                {"content_list_kind_oldest", all_kind_oldest_sql}};

constexpr auto update_sql = sql_text("UPDATE contents SET updated_at = $2, ", changed_columns<ContentDescription, 3>,
                                     " WHERE id = $1 RETURNING ", columns<Content>);
constexpr Statement update_content{"content_update", update_sql};

constexpr Statement remove_content{"content_remove", "DELETE FROM contents WHERE id = $1"};

constexpr auto find_source_sql =
    sql_text("SELECT ", columns<PlayableSource>,
             " FROM content_objects l JOIN objects o ON o.id = l.object_id JOIN contents c ON c.id = l.content_id"
             " WHERE l.content_id = $1 AND l.role = 'source' AND o.state = 'stored'");
constexpr Statement find_content_source{"content_find_source", find_source_sql, Sharing::pipelined};

constexpr auto find_packaged_sql =
    sql_text("SELECT ", columns<PackagedSource>,
             " FROM content_objects l JOIN objects o ON o.id = l.object_id JOIN contents c ON c.id = l.content_id"
             " LEFT JOIN content_objects i ON i.content_id = l.content_id AND i.role = 'index'"
             " WHERE l.content_id = $1 AND l.role = 'source' AND o.state = 'stored'");
constexpr Statement find_packaged_content{"content_find_packaged", find_packaged_sql, Sharing::pipelined};

constexpr Statement set_content_storage_url{
    "content_set_storage_url",
    "UPDATE contents SET storage_url = $2 WHERE id IN"
    " (SELECT content_id FROM content_objects WHERE object_id = $1 AND role = 'source')"};

constexpr auto set_source_facts_sql =
    sql_text("UPDATE contents SET duration = COALESCE(duration, $2), ", assigned_columns<SourceMembers, 3>,
             " WHERE id IN (SELECT content_id FROM content_objects WHERE object_id = $1 AND role = 'source')");
constexpr Statement set_content_source_facts{"content_set_source_facts", set_source_facts_sql};

constexpr auto replace_source_sql = sql_text(
    "UPDATE contents SET status = 'ready', updated_at = $2, storage_url = $3, file_name = $4, duration = CASE"
    " WHEN duration IS NULL OR duration = (duration_ms + 500) / 1000 THEN $5 ELSE duration END, ",
    assigned_columns<SourceMembers, 6>, " WHERE id = $1 RETURNING ", columns<Content>);
constexpr Statement replace_content_source{"content_replace_source", replace_source_sql};

constexpr auto find_by_source_sql =
    sql_text("SELECT ", columns<Content>,
             " FROM contents WHERE id IN (SELECT content_id FROM content_objects WHERE object_id = $1"
             " AND role = 'source') ORDER BY id LIMIT 1");
constexpr Statement find_content_by_source{"content_find_by_source", find_by_source_sql};

constexpr Statement list_source_kinds{
    "content_kinds_of_source",
    "SELECT content_type FROM contents WHERE id IN"
    " (SELECT content_id FROM content_objects WHERE object_id = $1 AND role = 'source')"};

constexpr Statement list_linked_contents{
    "content_list_linked",
    "SELECT id, storage_url FROM contents WHERE id > $1 AND storage_url IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM content_objects o WHERE o.content_id = contents.id) ORDER BY id LIMIT $2"};

constexpr auto list_owned_sql =
    sql_text("SELECT ", columns<Content>, " FROM contents WHERE owner_id = $1 AND id > $2 ORDER BY id LIMIT $3");
constexpr Statement list_owned_contents{"content_list_owned", list_owned_sql};

constexpr Statement has_owned_content{"content_has_owned", "SELECT id FROM contents WHERE owner_id = $1 LIMIT 1"};

constexpr Statement set_content_owner{"content_set_owner", "UPDATE contents SET owner_id = $2 WHERE id = $1"};

constexpr Statement set_owner_of_unowned_contents{
    "content_set_owner_of_unowned",
    "UPDATE contents SET owner_id = $1 WHERE id IN (SELECT id FROM contents WHERE owner_id IS NULL LIMIT $2)"};

constexpr std::array statements{insert_content,
                                find_content,
                                public_listings.newest,
                                public_listings.oldest,
                                public_listings.kind_newest,
                                public_listings.kind_oldest,
                                account_listings.newest,
                                account_listings.oldest,
                                account_listings.kind_newest,
                                account_listings.kind_oldest,
                                all_listings.newest,
                                all_listings.oldest,
                                all_listings.kind_newest,
                                all_listings.kind_oldest,
                                update_content,
                                remove_content,
                                find_content_source,
                                find_packaged_content,
                                set_content_storage_url,
                                set_content_source_facts,
                                replace_content_source,
                                find_content_by_source,
                                list_source_kinds,
                                list_linked_contents,
                                list_owned_contents,
                                has_owned_content,
                                set_content_owner,
                                set_owner_of_unowned_contents};

Statement const& list_statement(ContentQuery const& query) {
    switch (query.audience) {
        case Audience::everybody: return public_listings.of(query);
        case Audience::account: return account_listings.of(query);
        case Audience::admin: return all_listings.of(query);
    }
    throw std::logic_error("an audience without listings");
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
        std::array const page{to_value(from.created_at), to_value(from.id), to_value(query.limit),
                              to_value(query.skip)};
        std::array const account{to_value(query.account)};
        std::array const kind{to_value(query.kind)};
        auto const& statement = list_statement(query);
        auto const expected = static_cast<std::size_t>(std::clamp<std::int64_t>(query.limit, 0, 100));
        bool const is_for_account = query.audience == Audience::account;
        if (is_for_account && query.kind) {
            return find_all<Content>(session_, statement, join_values(page, account, kind), expected);
        }
        if (is_for_account) return find_all<Content>(session_, statement, join_values(page, account), expected);
        if (query.kind) return find_all<Content>(session_, statement, join_values(page, kind), expected);
        return find_all<Content>(session_, statement, page, expected);
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

    Task<std::optional<PackagedSource>> find_packaged(Uuid id) override {
        return find_one<PackagedSource>(session_, find_packaged_content, std::array{to_value(id)});
    }

    Task<> set_source_facts(Uuid object_id, SourceFacts const& facts) override {
        auto const seconds = facts.media ? facts.media->duration() : std::nullopt;
        auto const members = source_members(facts);
        auto const parameters = join_values(std::array{to_value(object_id), to_value(seconds)}, to_values(members));
        co_await execute(session_, set_content_source_facts, parameters);
    }

    Task<std::optional<Content>> replace_source(Uuid id, NewSource const& source) override {
        auto const seconds = source.facts.media ? source.facts.media->duration() : std::nullopt;
        std::array const others{to_value(id), to_value(source.at), to_value(source.storage_url),
                                to_value(source.file_name), to_value(seconds)};
        auto const members = source_members(source.facts);
        // The values point into `members`.
        auto const parameters = join_values(others, to_values(members));
        co_return co_await find_one<Content>(session_, replace_content_source, parameters);
    }

    Task<std::optional<Content>> find_by_source(Uuid object_id) override {
        return find_one<Content>(session_, find_content_by_source, std::array{to_value(object_id)});
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

    Task<std::vector<Content>> list_owned(Uuid owner_id, Uuid after, std::size_t limit) override {
        return find_all<Content>(session_, list_owned_contents,
                                 std::array{to_value(owner_id), to_value(after), to_value(std::uint64_t{limit})});
    }

    Task<bool> has_owned(Uuid owner_id) override {
        auto const found = co_await find_one<Uuid>(session_, has_owned_content, std::array{to_value(owner_id)});
        co_return found.has_value();
    }

    Task<bool> set_owner(Uuid id, std::optional<Uuid> owner_id) override {
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
