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
#include "domain/visibility.hpp"

namespace clinikk {

enum class ContentStatus : std::uint8_t { preparing, ready, errored };
BOOST_DESCRIBE_ENUM(ContentStatus, preparing, ready, errored)

/// What an editor says about a content, by whichever upload method. Requests, columns and answers are derived from
/// these members by name.
struct ContentDescription {
    std::string title{};
    std::string description{};
    ContentKind content_type = ContentKind::video;
    std::optional<std::int64_t> duration{};  ///< whole seconds; if the editor gave none, that of the media, rounded
    std::optional<std::string> thumbnail_url{};
    std::optional<std::string> language{};   ///< of the speech and text: a BCP 47 tag such as `en-GB`
    std::optional<Visibility> visibility{};  ///< none until the default (DEFAULT_VISIBILITY) takes its place
};
BOOST_DESCRIBE_STRUCT(ContentDescription, (),
                      (title, description, content_type, duration, thumbnail_url, language, visibility))

/// What is known about the source object of a content. The members are empty until the object has been read, and where
/// its bytes were not understood.
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
    bool truncated = false;                         ///< as in `MediaFacts`
    std::optional<Packaging> packaging{};           ///< none until somebody has looked
    std::optional<std::string> packaging_reason{};  ///< of `needs_rendition`
};
BOOST_DESCRIBE_STRUCT(SourceMembers, (),
                      (media_type, size, sha256, duration_ms, width, height, video_codec, audio_codec, bit_rate,
                       truncated, packaging, packaging_reason))

/// The result of reading a source object.
struct SourceFacts {
    std::uint64_t size = 0;
    Sha256Digest sha256{};
    std::optional<MediaFacts> media{};  ///< none when the bytes were not understood
    std::optional<PackagingVerdict> packaging{};
};

/// A source that takes the place of another one.
struct NewSource {
    SourceFacts facts{};
    std::optional<std::string> storage_url{};  ///< as in `Content`, as the next one
    std::optional<std::string> file_name{};
    Timestamp at{};
};

/// Those facts in the form in which the row of a content stores them.
SourceMembers source_members(SourceFacts const& facts);

/// A video or audio recording with its description. The row also stores the facts about the source object, so that a
/// listing reads one table.
struct Content : ContentDescription, SourceMembers {
    Uuid id;
    std::optional<std::string> storage_url;  ///< none on the local disk: there it follows from PUBLIC_URL
    std::optional<std::string> file_name;    ///< the uploader's name of the file, for downloads; UTF-8, untrusted
    std::optional<Uuid> owner_id;
    ContentStatus status = ContentStatus::ready;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Content, (ContentDescription, SourceMembers),
                      (id, storage_url, file_name, owner_id, status, created_at, updated_at))

/// A content without an object: its bytes are at an address outside this service.
struct LinkedContent {
    Uuid id;
    std::string storage_url;
};
BOOST_DESCRIBE_STRUCT(LinkedContent, (), (id, storage_url))

enum class ContentSort : std::uint8_t { newest_first, oldest_first };
BOOST_DESCRIBE_ENUM(ContentSort, newest_first, oldest_first)

/// A position in a listing: the page begins after it.
struct ContentCursor {
    Timestamp created_at;
    Uuid id;
};

/// The kind of caller that a listing is made for. Everybody sees what is public. An account also sees what is for
/// members, and all that it owns. An admin sees everything.
enum class Audience : std::uint8_t { everybody, account, admin };

struct ContentQuery {
    Audience audience = Audience::everybody;
    Uuid account{};  ///< of the audience `account`
    std::optional<ContentKind> kind{};
    ContentSort sort = ContentSort::newest_first;
    std::optional<ContentCursor> after{};  ///< keyset: constant cost at any depth
    std::int64_t skip = 0;                 ///< offset paging, as the clients of the proof of concept use it
    std::int64_t limit = 100;
};

using ContentChanges = Changes<ContentDescription>;

class ContentRepository {
public:
    virtual ~ContentRepository() = default;

    virtual Task<> insert(Content const& content) = 0;
    virtual Task<std::optional<Content>> find(Uuid id) = 0;
    virtual Task<std::vector<Content>> list(ContentQuery const& query) = 0;
    /// Changes the row and returns it as changed; empty when there is no such content.
    virtual Task<std::optional<Content>> update(Uuid id, ContentChanges const& changes, Timestamp at) = 0;
    /// Returns false when there was no such content.
    virtual Task<bool> remove(Uuid id) = 0;
    /// Sets the address in all contents whose source is that object.
    virtual Task<> set_storage_url(Uuid object_id, std::optional<std::string> const& url) = 0;
    /// Stores the result of reading that object in all contents whose source it is. A duration that an editor gave is
    /// kept.
    virtual Task<> set_source_facts(Uuid object_id, SourceFacts const& facts) = 0;
    /// Stores what is known about the new source of a content. The duration becomes that of the new media, unless an
    /// editor gave another one than that of the old media. The links to the objects are changed by `ObjectRepository`.
    /// Returns the row as changed; empty when there is no such content.
    virtual Task<std::optional<Content>> replace_source(Uuid id, NewSource const& source) = 0;
    /// A content with that source object, and the first by id if there are several.
    virtual Task<std::optional<Content>> find_by_source(Uuid object_id) = 0;
    /// Empty when the content has no object.
    virtual Task<std::optional<PlayableSource>> find_source(Uuid id) = 0;
    /// Empty in the same case.
    virtual Task<std::optional<PackagedSource>> find_packaged(Uuid id) = 0;
    /// The kinds that the contents with that source object claim, each once.
    virtual Task<std::vector<ContentKind>> kinds_of_source(Uuid object_id) = 0;
    /// At most `limit` contents with an object, by id, after the id `after`.
    virtual Task<std::vector<LinkedContent>> list_linked(Uuid after, std::size_t limit) = 0;
    /// At most `limit` contents of an owner, by id, after the id `after`.
    virtual Task<std::vector<Content>> list_owned(Uuid owner_id, Uuid after, std::size_t limit) = 0;
    /// Returns whether that user owns a content.
    virtual Task<bool> has_owned(Uuid owner_id) = 0;
    /// Returns false when there is no such content.
    virtual Task<bool> set_owner(Uuid id, std::optional<Uuid> owner_id) = 0;
    /// Makes `owner_id` the owner of at most `limit` contents without one. Returns how many.
    virtual Task<std::uint64_t> set_owner_of_unowned(Uuid owner_id, std::size_t limit) = 0;
};

}  // namespace clinikk
