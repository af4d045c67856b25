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

/// The protocol a write in flight came by.
///
/// `form`: the bytes pass through this program. `direct`: the client sends parts to the bucket itself. While such an
/// upload is `receiving` nobody holds it and nobody renews its lease, which lasts until it expires; whoever completes
/// it holds it meanwhile.
enum class UploadMethod : std::uint8_t { form, direct };
BOOST_DESCRIBE_ENUM(UploadMethod, form, direct)

/// `receiving`: bytes come; `committing`: all bytes are there, object and rows are being made.
enum class UploadState : std::uint8_t { receiving, committing };
BOOST_DESCRIBE_ENUM(UploadState, receiving, committing)

/// A write in flight, whatever the protocol. Its holder renews the lease; one whose lease has run out and whose
/// temporary bytes are unlocked belongs to the collector.
struct Upload {
    Uuid id;
    Uuid content_id;
    std::optional<Uuid> owner_id;
    UploadMethod method = UploadMethod::form;
    UploadState state = UploadState::receiving;
    std::int64_t offset = 0;             ///< bytes received so far
    std::optional<std::int64_t> length;  ///< bytes announced; for a form, of the whole body
    Uuid object_id;
    std::string store;         ///< `ObjectStore::name` of where the bytes go
    std::string object_key;    ///< empty until the bytes have told their format
    std::string s3_upload_id;  ///< empty elsewhere
    std::string holder;        ///< which process: host, pid and start, opaque
    Timestamp lease_until;
    Timestamp expires_at;
    Timestamp created_at;
    std::optional<std::int64_t> part_size{};  ///< of a direct upload: bytes of each part but the last
    std::optional<std::string> metadata{};    ///< of a direct upload: what its editor said, JSON
};
BOOST_DESCRIBE_STRUCT(Upload, (),
                      (id, content_id, owner_id, method, state, offset, length, object_id, store, object_key,
                       s3_upload_id, holder, lease_until, expires_at, created_at, part_size, metadata))

/// Writes under way of one owner: how many, and the bytes they announced or received, the larger.
struct UploadsInFlight {
    std::int64_t count = 0;
    std::int64_t bytes = 0;
};
BOOST_DESCRIBE_STRUCT(UploadsInFlight, (), (count, bytes))

class UploadRepository {
public:
    virtual ~UploadRepository() = default;

    virtual Task<> insert(Upload const& upload) = 0;
    /// False when the row is gone or held by another: the write must stop.
    virtual Task<bool> renew(Uuid id, std::string_view holder, std::int64_t offset, Timestamp lease_until) = 0;
    /// Records where the object will stand, before it stands there. False as with `renew`.
    virtual Task<bool> start_commit(Uuid id, std::string_view holder, std::string_view object_key,
                                    Timestamp lease_until) = 0;
    /// Gives a row whose lease ran out before `at` another holder. False when it is gone or its lease was renewed.
    virtual Task<bool> take_over(Uuid id, std::string_view holder, Timestamp at, Timestamp lease_until) = 0;
    /// Leaves a direct upload that `holder` has to its client, until it expires. False as with `renew`.
    virtual Task<bool> hand_over(Upload const& upload, std::string_view holder) = 0;
    /// Takes a direct upload that nobody holds, or whose holder's lease ran out before `at`, in order to complete it.
    /// False when it is gone, has expired, or is being completed by another.
    virtual Task<bool> claim(Uuid id, std::string_view holder, Timestamp at, Timestamp lease_until) = 0;
    /// Removes the row at the end of the write. False as with `renew`.
    virtual Task<bool> finish(Uuid id, std::string_view holder) = 0;
    virtual Task<std::optional<Upload>> find(Uuid id) = 0;
    /// Whether a row tells of a write of the object that has this key or this id, whoever holds the row.
    virtual Task<bool> is_writing(std::string_view object_key, Uuid object_id) = 0;
    virtual Task<UploadsInFlight> in_flight(Uuid owner_id, Timestamp at) = 0;
    /// Those whose lease ran out before `before`, at most `limit`.
    virtual Task<std::vector<Upload>> list_abandoned(Timestamp before, std::size_t limit) = 0;
};

}  // namespace clinikk
