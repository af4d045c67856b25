#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/async/task.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"

namespace clinikk {

/// The method of an upload.
///
/// `form`: the bytes pass through this program. `direct`: the client sends parts to the bucket itself. While a direct
/// upload is `receiving`, no process holds it and nobody renews its lease, which lasts until the upload expires. The
/// process that completes it holds it meanwhile. `resumable`: the bytes pass through this program in several requests,
/// and the client sees a `ResumableUpload`. Each request that changes it holds it; between requests nobody does, as for
/// `direct`. Its `holder` names the process and the request, so that two requests of one process exclude each other.
enum class UploadMethod : std::uint8_t { form, direct, resumable };
BOOST_DESCRIBE_ENUM(UploadMethod, form, direct, resumable)

/// `receiving`: bytes arrive. `committing`: all bytes have arrived, and object and rows are being made.
enum class UploadState : std::uint8_t { receiving, committing };
BOOST_DESCRIBE_ENUM(UploadState, receiving, committing)

/// A write in flight. Its holder renews the lease. When the lease has run out and the temporary bytes are unlocked, the
/// collector may remove the write.
struct Upload {
    Uuid id;
    Uuid content_id;
    std::optional<Uuid> owner_id;
    UploadMethod method = UploadMethod::form;
    UploadState state = UploadState::receiving;
    std::int64_t offset = 0;             ///< bytes received so far
    std::optional<std::int64_t> length;  ///< bytes announced; for a form, those of the whole body
    Uuid object_id;
    std::string store;         ///< `ObjectStore::name` of the store that gets the bytes
    std::string object_key;    ///< of the future object
    std::string s3_upload_id;  ///< empty for other stores
    std::string holder;        ///< the process: host, pid and start; opaque
    Timestamp lease_until;
    Timestamp expires_at;
    Timestamp created_at;
    std::optional<std::int64_t> part_size{};  ///< of a direct upload: the size of each part but the last, in bytes
    std::optional<std::string> metadata{};    ///< of a direct upload: the description by the editor, as JSON
};
BOOST_DESCRIBE_STRUCT(Upload, (),
                      (id, content_id, owner_id, method, state, offset, length, object_id, store, object_key,
                       s3_upload_id, holder, lease_until, expires_at, created_at, part_size, metadata))

/// The writes in flight of one owner: how many there are, and the sum of the bytes announced or received, whichever is
/// larger.
struct UploadsInFlight {
    std::int64_t count = 0;
    std::int64_t bytes = 0;
};
BOOST_DESCRIBE_STRUCT(UploadsInFlight, (), (count, bytes))

class UploadRepository {
public:
    virtual ~UploadRepository() = default;

    virtual Task<> insert(Upload const& upload) = 0;
    /// Returns false when the row is gone or another process holds it: the write must stop.
    virtual Task<bool> renew(Uuid id, std::string_view holder, std::int64_t offset, Timestamp lease_until) = 0;
    /// Records the future key of the object before the object exists. Returns false in the same cases as `renew`.
    virtual Task<bool> start_commit(Uuid id, std::string_view holder, std::string_view object_key,
                                    Timestamp lease_until) = 0;
    /// Makes `holder` the holder of a row whose lease ran out before `at`. Returns false when the row is gone or its
    /// lease was renewed.
    virtual Task<bool> take_over(Uuid id, std::string_view holder, Timestamp at, Timestamp lease_until) = 0;
    /// Returns a direct upload that `holder` holds to its client, until it expires. Returns false in the same cases as
    /// `renew`.
    virtual Task<bool> hand_over(Upload const& upload, std::string_view holder) = 0;
    /// Takes a direct upload in order to complete it, if nobody holds it or the lease of its holder ran out before
    /// `at`. Returns false when it is gone, has expired, or is being completed by another process.
    virtual Task<bool> claim(Uuid id, std::string_view holder, Timestamp at, Timestamp lease_until) = 0;
    /// Takes a resumable upload for one request, if nobody holds it or the lease of its holder ran out before `at`.
    /// Returns false when it is gone, has expired, or another request holds it.
    virtual Task<bool> claim_resumable(Uuid id, std::string_view holder, Timestamp at, Timestamp lease_until) = 0;
    /// Lets go of a resumable upload; its client has time until `expires_at`. Returns false in the same cases as
    /// `renew`.
    virtual Task<bool> release_resumable(Uuid id, std::string_view holder, Timestamp expires_at) = 0;
    /// Removes the row at the end of the write. Returns false in the same cases as `renew`.
    virtual Task<bool> finish(Uuid id, std::string_view holder) = 0;
    virtual Task<std::optional<Upload>> find(Uuid id) = 0;
    /// Returns whether a row describes a write of the object with this key or this id, whichever process holds the row.
    virtual Task<bool> is_writing(std::string_view object_key, Uuid object_id) = 0;
    /// Counts the writes with a lease, and all resumable ones until they expire.
    virtual Task<UploadsInFlight> in_flight(Uuid owner_id, Timestamp at) = 0;
    /// At most `limit` writes whose lease ran out before `before`.
    virtual Task<std::vector<Upload>> list_abandoned(Timestamp before, std::size_t limit) = 0;
};

}  // namespace clinikk
