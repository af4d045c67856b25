#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/async/task.hpp"
#include "base/sha256.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"

namespace clinikk {

/// `deleting`: no content refers to it any more, its bytes are to be removed.
enum class ObjectState : std::uint8_t { stored, deleting };
BOOST_DESCRIBE_ENUM(ObjectState, stored, deleting)

/// What a content uses an object for.
enum class ObjectRole : std::uint8_t { source };
BOOST_DESCRIBE_ENUM(ObjectRole, source)

/// The row of an object: immutable bytes in a store. What was taken over from elsewhere has not been read yet: its
/// size, digest and media type are unknown.
struct Object {
    Uuid id;
    std::string store;   ///< `ObjectStore::name`
    std::string bucket;  ///< empty on the local disk
    std::string key;
    std::optional<std::uint64_t> size{};
    std::optional<Sha256Digest> sha256{};
    std::optional<std::string> media_type{};
    ObjectState state = ObjectState::stored;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(Object, (), (id, store, bucket, key, size, sha256, media_type, state, created_at))

class ObjectRepository {
public:
    virtual ~ObjectRepository() = default;

    virtual Task<> insert(Object const& object) = 0;
    virtual Task<> link(Uuid content_id, ObjectRole role, Uuid object_id) = 0;
    /// Objects of a content that no other content uses are set to `deleting` and unlinked; they are returned.
    virtual Task<std::vector<Object>> release(Uuid content_id) = 0;
    /// Removes the row of an object whose bytes are gone.
    virtual Task<> remove(Uuid object_id) = 0;
    /// Notes that the object stands in the store and bucket of `moved` now, and its size and digest. False when it no
    /// longer is `stored` in the store `from`.
    virtual Task<bool> relocate(std::string_view from, Object const& moved) = 0;
    virtual Task<std::optional<Object>> find(Uuid object_id) = 0;
    /// Objects in that state, by id, at most `limit`, after the id `after`.
    virtual Task<std::vector<Object>> list(ObjectState state, Uuid after, std::size_t limit) = 0;
    /// As `list`, those that are `stored` and whose media type is unknown.
    virtual Task<std::vector<Object>> list_unread(Uuid after, std::size_t limit) = 0;
    /// Notes what reading the object has told; without a `media_type`, its bytes were not understood.
    virtual Task<> set_facts(Uuid object_id, std::uint64_t size, Sha256Digest const& sha256,
                             std::optional<std::string> const& media_type) = 0;
    /// Whether a row has this key in this store.
    virtual Task<bool> has_key(std::string_view store, std::string_view key) = 0;
    /// Bytes of all objects that contents of this owner use.
    virtual Task<std::uint64_t> bytes_of_owner(Uuid owner_id) = 0;
};

}  // namespace clinikk
