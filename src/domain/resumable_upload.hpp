#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <chrono>
#include <cstddef>
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

/// What has become of a resumable upload. `open`: bytes may be appended, or all have arrived and wait to be examined.
/// `done`: the content exists (of a partial upload: its bytes wait for a concatenation). `failed`: it was refused for
/// good, and `outcome` states why. The rows of those that have ended stay for a while, so that a client that lost the
/// last answer can ask for it.
enum class ResumableState : std::uint8_t { open, done, failed, cancelled, expired };
BOOST_DESCRIBE_ENUM(ResumableState, open, done, failed, cancelled, expired)

/// The role of an upload in a concatenation (tus 1.0.0, extension Concatenation).
enum class UploadConcat : std::uint8_t { none, partial, final_ };
BOOST_DESCRIBE_ENUM(UploadConcat, none, partial, final_)

/// How long the row of an upload that has ended tells what has become of it.
inline constexpr std::chrono::days ended_resumable_upload_life{7};

/// An upload as its client sees it: a resource that outlives requests, connections and processes. Upload, write, object
/// and content share one id. While its bytes exist and no content owns them, a row of `uploads` (method `resumable`)
/// holds the lock and keeps the collector away.
struct ResumableUpload {
    Uuid id;
    std::optional<Uuid> owner_id;
    ResumableState state = ResumableState::open;
    std::int64_t offset = 0;             ///< bytes that are durable
    std::optional<std::int64_t> length;  ///< bytes of the whole file, as soon as the client has told
    bool is_complete = false;            ///< the client has said that nothing follows
    std::string description;             ///< of the content, as `serialize(UploadDescription)`; empty for a partial one
    std::string metadata;                ///< Upload-Metadata as it came; empty without one
    UploadConcat concat = UploadConcat::none;
    std::string concat_field;                  ///< Upload-Concat as it came; empty without one
    std::string pieces;                        ///< of a final upload: the ids of the partial ones, with spaces between
    std::optional<Sha256Digest> right_sha256;  ///< of the secret in the upload URL
    std::string progress;                      ///< `AppendState::progress` of the store; opaque
    std::optional<Sha256Digest> sha256;        ///< of the whole file, as the client stated it
    std::optional<Uuid> replaces;              ///< the content whose source this upload replaces
    std::string outcome;                       ///< of a failed one: `{"code":…,"detail":…}`
    Timestamp created_at;
    Timestamp expires_at;  ///< when an open one expires; of one that has ended, when its row is removed
};
BOOST_DESCRIBE_STRUCT(ResumableUpload, (),
                      (id, owner_id, state, offset, length, is_complete, description, metadata, concat, concat_field,
                       pieces, right_sha256, progress, sha256, replaces, outcome, created_at, expires_at))

/// The rows of `resumable_uploads`. Who changes a row holds the lock of its write
/// (`UploadRepository::claim_resumable`): each change names the holder and returns false, without an effect, when the
/// row of the write is gone or another request holds it.
class ResumableUploadRepository {
public:
    virtual ~ResumableUploadRepository() = default;

    virtual Task<> insert(ResumableUpload const& upload) = 0;
    virtual Task<std::optional<ResumableUpload>> find(Uuid id) = 0;
    /// Records how far it has come: `offset`, `length`, `is_complete`, `progress` and `expires_at`, and the
    /// `offset`, `length` and `expires_at` of the row of the write. Call it in a transaction.
    virtual Task<bool> save(ResumableUpload const& upload, std::string_view holder) = 0;
    /// Ends it: records `state`, `outcome`, `progress` and `expires_at`. Call it before the row of the write is
    /// finished, in the same transaction.
    virtual Task<bool> end(ResumableUpload const& upload, std::string_view holder) = 0;
    /// Cancels the open uploads of one account at `at`, and takes them from the requests that hold them. The collector
    /// removes their bytes; their rows stay until `kept_until`. Call it in a transaction.
    virtual Task<> cancel_owned(Uuid owner_id, Timestamp at, Timestamp kept_until) = 0;
    /// Gives up an open upload whose address nobody knows, whoever holds it. The collector removes its bytes; its row
    /// stays until `kept_until`. Does nothing to one that has ended. Call it in a transaction.
    virtual Task<> abandon(Uuid id, Timestamp at, Timestamp kept_until) = 0;
    /// A final upload has taken over what this complete partial upload has reserved: it counts no more to its owner,
    /// and stays until `until`. Call it in a transaction.
    virtual Task<> hand_over_piece(Uuid id, Timestamp until) = 0;
    /// The open uploads of one owner, newest first: at most `limit` with an id below `before`.
    virtual Task<std::vector<ResumableUpload>> list_open(Uuid owner_id, std::optional<Uuid> before,
                                                         std::size_t limit) = 0;
    /// Open uploads of which all bytes have arrived and that nobody holds at `at`, when they have not expired: a
    /// process died while it examined them. At most `limit` with an id above `after`, in the order of their ids.
    virtual Task<std::vector<ResumableUpload>> list_unfinished(Timestamp at, Uuid after, std::size_t limit) = 0;
    /// Removes the row of an upload that has ended and whose write is gone. Returns false when there is none.
    virtual Task<bool> forget(Uuid id) = 0;
    /// Removes at most `limit` rows of uploads that have ended, whose time is over at `at`, and whose bytes have been
    /// removed or belong to a content. Returns how many.
    virtual Task<std::uint64_t> remove_ended(Timestamp at, std::size_t limit) = 0;
};

}  // namespace clinikk
