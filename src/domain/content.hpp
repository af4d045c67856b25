#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "base/sha256.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"
#include "domain/changes.hpp"
#include "domain/media.hpp"
#include "domain/playback.hpp"

namespace clinikk {

/// Who may see a content.
enum class Visibility : std::uint8_t { everyone };
BOOST_DESCRIBE_ENUM(Visibility, everyone)

enum class ContentStatus : std::uint8_t { preparing, ready, errored };
BOOST_DESCRIBE_ENUM(ContentStatus, preparing, ready, errored)

/// What an editor says of a content, whichever way the content comes. Requests, columns and answers follow from these
/// members by name.
struct ContentDescription {
    std::string title{};
    std::string description{};
    ContentKind content_type = ContentKind::video;
    std::optional<std::int64_t> duration{};  ///< whole seconds; where the editor gave none, the probe's, rounded
    std::optional<std::string> thumbnail_url{};
    std::optional<std::string> language{};  ///< of its speech and text: a BCP 47 tag, `en-GB`
};
BOOST_DESCRIBE_STRUCT(ContentDescription, (), (title, description, content_type, duration, thumbnail_url, language))

/// What is known of a content's source object. Until the object has been read, and where its bytes were not understood,
/// members are empty.
struct SourceMembers {
    std::optional<std::string> media_type{};
    std::optional<std::int64_t> size{};  ///< bytes
    std::optional<Sha256Digest> sha256{};
    std::optional<std::int64_t> duration_ms{};
    std::optional<std::int64_t> width{};
    std::optional<std::int64_t> height{};
    std::optional<std::string> video_codec{};
    std::optional<std::string> audio_codec{};
    std::optional<std::int64_t> bit_rate{};
    bool truncated = false;  ///< as in `MediaFacts`
};
BOOST_DESCRIBE_STRUCT(SourceMembers, (),
                      (media_type, size, sha256, duration_ms, width, height, video_codec, audio_codec, bit_rate,
                       truncated))

/// What reading a source has told.
struct SourceFacts {
    std::uint64_t size = 0;
    Sha256Digest sha256{};
    std::optional<MediaFacts> media{};  ///< none when the bytes were not understood
};

/// The facts as a content's row notes them.
SourceMembers source_members(SourceFacts const& facts);

/// A video or an audio with its description. What is known of its source object stands in its row as well, so that a
/// listing reads one table.
struct Content : ContentDescription, SourceMembers {
    Uuid id;
    std::optional<std::string> storage_url;  ///< none on the local disk: there it follows from PUBLIC_URL
    std::optional<std::string> file_name;    ///< the uploader's name of the file, for downloads; UTF-8, untrusted
    std::optional<Uuid> owner_id;
    Visibility visibility = Visibility::everyone;
    ContentStatus status = ContentStatus::ready;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Content, (ContentDescription, SourceMembers),
                      (id, storage_url, file_name, owner_id, visibility, status, created_at, updated_at))

/// A content whose bytes stand elsewhere: there is no object, only an address.
struct LinkedContent {
    Uuid id;
    std::string storage_url;
};
BOOST_DESCRIBE_STRUCT(LinkedContent, (), (id, storage_url))

enum class ContentSort : std::uint8_t { newest_first, oldest_first };
BOOST_DESCRIBE_ENUM(ContentSort, newest_first, oldest_first)

/// The place in a listing after which a page begins.
struct ContentCursor {
    Timestamp created_at;
    Uuid id;
};

struct ContentQuery {
    std::optional<ContentKind> kind{};
    ContentSort sort = ContentSort::newest_first;
    std::optional<ContentCursor> after{};  ///< keyset: constant cost at any depth
    std::int64_t skip = 0;                 ///< as the POC's clients page
    std::int64_t limit = 100;
};

using ContentChanges = Changes<ContentDescription>;

class ContentRepository {
public:
    virtual ~ContentRepository() = default;

    virtual Task<> insert(Content const& content) = 0;
    virtual Task<std::optional<Content>> find(Uuid id) = 0;
    virtual Task<std::vector<Content>> list(ContentQuery const& query) = 0;
    /// Changes the row in place and returns it as it is then; empty when there is none.
    virtual Task<std::optional<Content>> update(Uuid id, ContentChanges const& changes, Timestamp at) = 0;
    /// False when there was none.
    virtual Task<bool> remove(Uuid id) = 0;
    /// Of the contents whose source that object is.
    virtual Task<> set_storage_url(Uuid object_id, std::optional<std::string> const& url) = 0;
    /// Notes what reading that object has told, in all contents whose source it is. A duration that was given stays.
    virtual Task<> set_source_facts(Uuid object_id, SourceFacts const& facts) = 0;
    /// Empty when the content has no object.
    virtual Task<std::optional<PlayableSource>> find_source(Uuid id) = 0;
    /// What the contents whose source that object is are said to be; each kind once.
    virtual Task<std::vector<ContentKind>> kinds_of_source(Uuid object_id) = 0;
    /// By id, at most `limit`, after the id `after`.
    virtual Task<std::vector<LinkedContent>> list_linked(Uuid after, std::size_t limit) = 0;
    /// False when there is no such content.
    virtual Task<bool> set_owner(Uuid id, Uuid owner_id) = 0;
    /// Of at most `limit` contents without an owner; how many.
    virtual Task<std::uint64_t> set_owner_of_unowned(Uuid owner_id, std::size_t limit) = 0;
};

}  // namespace clinikk
