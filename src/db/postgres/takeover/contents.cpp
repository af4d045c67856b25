#include "db/postgres/takeover/contents.hpp"

#include <array>
#include <unordered_map>
#include <unordered_set>

#include "db/postgres/takeover/sql.hpp"
#include "db/postgres/takeover/storage_url.hpp"
#include "domain/object_key.hpp"
#include "domain/values.hpp"

namespace clinikk::db {
namespace {

constexpr std::string_view table = "contents";

/// The columns of `sql::select_contents`.
enum Column : std::uint8_t { id, kind, storage_url, thumbnail_url, has_thumbnail, lacks_title, negative, is_dated };

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

    /// Null when the address is not that of an object.
    KnownObject const* object_of(std::string_view content, std::optional<std::string_view> url) {
        auto const parsed = parse_poc_storage_url(url.value_or(""));
        if (!parsed) return nullptr;
        auto const [at, is_new] = objects_.try_emplace(parsed->key);
        auto& object = at->second;
        if (is_new) {
            // Objects are named after their keys, unless two keys have one name.
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
    connection.run_script(sql::create_decisions);
    ContentAdoption adoption(connection, notes);
    for_each_poc_row(
        connection, sql::select_contents, [&adoption](BlockingConnection::Texts row) { adoption.add(row); },
        [&adoption] { adoption.flush(); });
    connection.run_script("ANALYZE decisions");
    connection.run_script(sql::insert_contents);
}

}  // namespace clinikk::db
