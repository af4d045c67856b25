#include "db/postgres/poc_contents.hpp"

#include <array>
#include <unordered_map>
#include <unordered_set>

#include "db/postgres/poc_storage_url.hpp"
#include "domain/object_key.hpp"
#include "domain/values.hpp"

namespace clinikk::db {
namespace {

constexpr std::string_view table = "contents";

/// What the decisions rest on. Titles and descriptions, which may be huge, stay in the database; so do addresses that
/// are too long to be any.
constexpr char const* select_facts = R"sql(
SELECT id, lower(content_type::text),
       CASE WHEN octet_length(storage_url) <= 2048 THEN storage_url END,
       CASE WHEN octet_length(thumbnail_url) <= 2048 THEN thumbnail_url END,
       thumbnail_url IS NOT NULL, title IS NULL, duration < 0,
       created_at > '0001-01-02' AND created_at < '9999-12-31'
  FROM clinikk_poc.contents ORDER BY ctid
)sql";
enum Column : std::uint8_t { id, kind, storage_url, thumbnail_url, has_thumbnail, lacks_title, negative, is_dated };

constexpr char const* create_decisions = R"sql(
CREATE TEMPORARY TABLE decisions (
    id uuid NOT NULL, content_type text NOT NULL, thumbnail_url text, status text NOT NULL,
    object_id uuid, bucket text, key text
) ON COMMIT DROP
)sql";

constexpr char const* insert_rows = R"sql(
INSERT INTO contents (id, title, description, content_type, duration, thumbnail_url, storage_url, visibility, status,
                      created_at, updated_at)
SELECT c.id, COALESCE(c.title, ''), COALESCE(c.description, ''), d.content_type,
       CASE WHEN c.duration >= 0 THEN c.duration END, d.thumbnail_url, c.storage_url, 'everyone', d.status,
       COALESCE(t.created_at, t.updated_at, now()), COALESCE(t.updated_at, t.created_at, now())
  FROM clinikk_poc.contents c JOIN decisions d ON d.id = c.id
  CROSS JOIN LATERAL (
       SELECT CASE WHEN c.created_at > '0001-01-02' AND c.created_at < '9999-12-31' THEN c.created_at END AS created_at,
              CASE WHEN c.updated_at > '0001-01-02' AND c.updated_at < '9999-12-31' THEN c.updated_at END AS updated_at
       ) t;
INSERT INTO objects (id, store, bucket, key, state, created_at)
SELECT d.object_id, 's3', d.bucket, d.key, 'stored', MIN(c.created_at)
  FROM decisions d JOIN contents c ON c.id = d.id WHERE d.object_id IS NOT NULL GROUP BY d.object_id, d.bucket, d.key;
INSERT INTO content_objects (content_id, role, object_id)
SELECT id, 'source', object_id FROM decisions WHERE object_id IS NOT NULL
)sql";

class ContentAdoption {
public:
    ContentAdoption(BlockingConnection& connection, PocNotes& notes) : connection_(connection), notes_(notes) {}

    void add(BlockingConnection::Texts row) {
        auto const content = row[id].value();
        auto const* const object = object_of(content, row[storage_url]);
        bool const is_linked = !object && row[storage_url] && HttpUrl::parse(*row[storage_url]);
        if (!object) {
            notes_.add(table, content,
                       is_linked ? "storage_url is no object of ours in S3: plays by redirect to it"
                                 : "storage_url is no http or https address: cannot be played");
        }
        auto const object_id = object ? object->id.to_string() : std::string();
        using Field = std::optional<std::string_view>;
        std::array<Field, 7> fields{content, kind_of(content, row), thumbnail_of(content, row),
                                    object || is_linked ? "ready" : "errored"};
        if (object) {
            fields[4] = object_id;
            fields[5] = object->bucket;
            fields[6] = *object->key;
        }
        append_copy_row(rows_, fields);
        if (row[lacks_title] == "t") notes_.add(table, content, "title is not set: empty");
        if (row[negative] == "t") notes_.add(table, content, "duration is negative: dropped");
        if (row[is_dated] != "t")
            notes_.add(table, content, "created_at is no date from 0001 to 9999: another is shown");
    }

    void flush() {
        connection_.copy_in("COPY decisions FROM STDIN", rows_);
        rows_.clear();
        notes_.flush();
    }

private:
    struct KnownObject {
        Uuid id;
        std::string bucket;
        std::string const* key = nullptr;
    };

    /// Null when the address is no object's.
    KnownObject const* object_of(std::string_view content, std::optional<std::string_view> url) {
        auto const parsed = parse_poc_storage_url(url.value_or(""));
        if (!parsed) return nullptr;
        auto const [at, is_new] = objects_.try_emplace(parsed->key);
        auto& object = at->second;
        if (is_new) {
            // Objects are called as their keys, unless two keys have one name.
            auto const named = id_of_object_key(parsed->key);
            object = {ids_.insert(named).second ? named : new_uuid(), parsed->bucket, &at->first};
        } else if (object.bucket != parsed->bucket) {
            notes_.add(table, content, "another bucket has an object of the same name: this one is not read");
            return nullptr;
        }
        return &object;
    }

    std::string_view kind_of(std::string_view content, BlockingConnection::Texts row) {
        if (row[kind] == "video" || row[kind] == "audio") return *row[kind];
        bool const is_audio = row[storage_url].value_or("").find("/audio/") != std::string_view::npos;
        notes_.add(table, content,
                   is_audio ? "content_type is not set: taken for audio by its address"
                            : "content_type is not set: taken for video");
        return is_audio ? "audio" : "video";
    }

    std::optional<std::string_view> thumbnail_of(std::string_view content, BlockingConnection::Texts row) {
        if (row[has_thumbnail] != "t") return std::nullopt;
        if (row[thumbnail_url] && HttpUrl::parse(*row[thumbnail_url])) return row[thumbnail_url];
        notes_.add(table, content, "thumbnail_url is no http or https address: dropped");
        return std::nullopt;
    }

    BlockingConnection& connection_;
    PocNotes& notes_;
    std::string rows_;
    std::unordered_map<std::string, KnownObject> objects_;  ///< by key, which no two objects in a store share
    std::unordered_set<Uuid> ids_;
};

}  // namespace

void adopt_poc_contents(BlockingConnection& connection, PocNotes& notes) {
    connection.run_script(create_decisions);
    ContentAdoption adoption(connection, notes);
    for_each_poc_row(
        connection, select_facts, [&adoption](BlockingConnection::Texts row) { adoption.add(row); },
        [&adoption] { adoption.flush(); });
    connection.run_script("ANALYZE decisions");
    connection.run_script(insert_rows);
}

}  // namespace clinikk::db
