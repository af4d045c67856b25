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

/// `deleting`: no content uses the object any more and its bytes are to be removed.
enum class ObjectState : std::uint8_t { stored, deleting };
BOOST_DESCRIBE_ENUM(ObjectState, stored, deleting)

/// The purpose for which a content uses an object.
enum class ObjectRole : std::uint8_t {
    source,  ///< what was uploaded
    index,   ///< the packaging index of the source
};
BOOST_DESCRIBE_ENUM(ObjectRole, source, index)

/// The row of an object: immutable bytes in a store. An object that was taken over and has not been read yet has no
/// size, digest or media type.
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
    /// Sets the objects of a content that no other content uses to `deleting`, unlinks them, and returns them.
    virtual Task<std::vector<Object>> release(Uuid content_id) = 0;
    /// Removes the row of an object whose bytes have been removed.
    virtual Task<> remove(Uuid object_id) = 0;
    /// Stores that the object is now in the store and bucket of `moved`, with its size and digest. Returns false when
    /// it is no longer `stored` in the store `from`.
    virtual Task<bool> relocate(std::string_view from, Object const& moved) = 0;
    virtual Task<std::optional<Object>> find(Uuid object_id) = 0;
    /// At most `limit` objects in that state, by id, after the id `after`.
    virtual Task<std::vector<Object>> list(ObjectState state, Uuid after, std::size_t limit) = 0;
    /// Makes `index_id` the packaging index of all contents with that source, in place of the one that they have.
    /// Without an id they have none then. What no content uses any more is set to `deleting`. Returns the number of
    /// contents.
    virtual Task<std::uint64_t> set_index(Uuid source_id, std::optional<Uuid> index_id) = 0;
    /// As `list`, but only `stored` objects that have still to be examined: those whose media type is unknown, and
    /// sources of which nobody has said whether they can be packaged, or whose packaging index is not of the media type
    /// `index_type`.
    virtual Task<std::vector<Object>> list_unexamined(std::string_view index_type, Uuid after, std::size_t limit) = 0;
    /// Stores the result of reading the object. Without a `media_type`, its bytes were not understood.
    virtual Task<> set_facts(Uuid object_id, std::uint64_t size, Sha256Digest const& sha256,
                             std::optional<std::string> const& media_type) = 0;
    /// Returns whether a row has this key in this store.
    virtual Task<bool> has_key(std::string_view store, std::string_view key) = 0;
    /// The number of bytes in the sources of all contents of this owner.
    virtual Task<std::uint64_t> bytes_of_owner(Uuid owner_id) = 0;
};

}  // namespace clinikk
