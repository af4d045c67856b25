#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "base/sha256.hpp"
#include "domain/byte_source.hpp"
#include "domain/caller.hpp"
#include "domain/clock.hpp"
#include "domain/content.hpp"
#include "domain/object_stores.hpp"
#include "domain/resumable_upload.hpp"
#include "domain/signals.hpp"
#include "domain/unit_of_work.hpp"
#include "service/upload_core.hpp"
#include "service/upload_description.hpp"

namespace clinikk {

/// What a client states of an upload when it begins it.
struct NewResumableUpload {
    std::optional<UploadDescription> description{};  ///< of the future content; none for a partial upload
    std::optional<std::uint64_t> length{};           ///< of the whole file; none while the client does not know it
    std::string metadata{};                          ///< Upload-Metadata as it came
    UploadConcat concat = UploadConcat::none;
    std::string concat_field{};            ///< Upload-Concat as it came
    std::vector<Uuid> pieces{};            ///< of a final upload: the partial ones, in order; they may repeat
    std::optional<Sha256Digest> sha256{};  ///< of the whole file
    std::optional<Uuid> replaces{};        ///< the content whose source it replaces
};

/// An upload that has begun, and the right to go on with it.
struct BegunResumableUpload {
    ResumableUpload upload{};
    std::string right{};               ///< 256 random bits, base64url; of them the database has the SHA-256
    std::optional<Content> content{};  ///< of a final upload, whose bytes are there already
};

/// Who asks about which upload. Without the right in the URL the caller must own the upload or be an admin.
struct UploadReference {
    Uuid id{};
    std::string right{};             ///< from the URL; empty without one
    std::optional<Caller> caller{};  ///< of the request, if it has credentials
    Origin origin{};                 ///< for the audit log
};

/// A checksum of one chunk. The algorithms are those of `chunk_checksum_algorithms`.
struct ChunkChecksum {
    std::string algorithm{};
    std::string digest{};  ///< raw bytes
};

/// `sha1,sha256,sha512,md5`: as `Tus-Checksum-Algorithm` lists them.
inline constexpr std::string_view chunk_checksum_algorithms = "sha1,sha256,sha512,md5";

/// The problem types of the IETF's protocol.
inline constexpr std::string_view mismatching_offset_type =
    "https://iana.org/assignments/http-problem-types#mismatching-upload-offset";
inline constexpr std::string_view inconsistent_length_type =
    "https://iana.org/assignments/http-problem-types#inconsistent-upload-length";

/// Bytes for an upload.
struct Chunk {
    ByteSource& bytes;
    std::uint64_t offset = 0;               ///< where they begin, as the client believes
    std::optional<std::uint64_t> length{};  ///< of the whole file, if this request states it
    /// Whether the upload is complete after these bytes. Without a value it is when `length` is reached (tus).
    std::optional<bool> completes{};
    /// Called when all bytes have been read; gives the checksum to compare, which may have come behind them in a
    /// trailer. Nothing is kept of a chunk whose checksum differs. Empty: no checksum, and whatever arrived is kept.
    std::function<Result<std::optional<ChunkChecksum>>()> checksum{};
    /// The algorithm of the checksum, if it is known before the bytes. Empty: those that may come are all computed.
    std::string checksum_algorithm{};
    /// Makes a pending `bytes.next()` and all later ones fail, since another request wants the upload. Called on the
    /// executor of the append.
    std::function<void()> interrupt{};
    /// Told of each offset that has become durable while bytes arrive. May be empty.
    std::function<Task<>(std::uint64_t offset)> progress{};
};

/// How an upload stands after a request.
struct UploadStatus {
    ResumableUpload upload{};
    std::optional<Content> content{};  ///< once it is done; none of a partial upload
};

/// Uploads that survive connections, processes and tokens: a client begins one, appends bytes in any number of
/// requests to any process, and the last byte makes the content. An offset that a client was told is durable.
///
/// **Lock.** One request at a time holds an upload: its row in `uploads` names the process and the request, with a
/// lease of `resumable_lease_length` that is renewed. A request that finds it held publishes `upload.wanted`; the
/// holder, in whatever process, stops reading, saves what it has and lets go. A holder that died lets go when its lease
/// runs out. After that time a request fails with `upload_locked`.
///
/// **Rights.** Whoever presents the right from the URL acts as the owner of the upload, as long as that account is
/// active and may upload. For others than the owner and admins an upload does not exist (`upload_not_found`).
///
/// Thread-safe.
class ResumableUploadService {
public:
    /// `life`: how long an upload may rest between requests (UPLOAD_EXPIRES). Subscribes to `signals`; construct it
    /// before they start.
    ResumableUploadService(UploadCore& core, UnitOfWork& work, ObjectStores& objects, Clock& clock, Signals& signals,
                           std::chrono::seconds life, Log& log);
    ResumableUploadService(ResumableUploadService const&) = delete;
    ResumableUploadService& operator=(ResumableUploadService const&) = delete;
    ~ResumableUploadService();

    /// The most bytes an upload may have, for `Tus-Max-Size` and `Upload-Limit`.
    std::uint64_t max_size() const noexcept { return core_.limits().max_size; }
    std::chrono::seconds life() const noexcept { return life_; }

    /// Begins an upload and reserves its length in the quota. A final upload joins its pieces and is complete; if some
    /// of them are not, it stays open until they are. Fails as `UploadCore::reserve`, with `upload_concat_invalid`,
    /// with `content_not_found` or `forbidden` for a content that the caller may not change (`media_kind_mismatch` for
    /// one of another kind), and, for a final upload or one of no bytes, with the errors of the examination.
    Task<Result<BegunResumableUpload>> begin(Caller const& owner, NewResumableUpload wanted);

    /// How far an upload has come. It ends a request that is appending, and waits until that has saved its bytes. If
    /// all bytes have arrived and a process died while it examined them, this examines them. A final upload whose
    /// pieces have become complete is joined. Fails with `upload_not_found`, `upload_expired`, `upload_cancelled`,
    /// `upload_lost` or `upload_locked`. A failed upload is a value, with its `outcome`.
    Task<Result<UploadStatus>> find(UploadReference const& reference);

    /// As `find`, but neither interrupts nor waits: what the row says now.
    Task<Result<UploadStatus>> peek(UploadReference const& reference);

    /// Appends bytes; if they are the last, examines all of them and makes the content. What has arrived when `bytes`
    /// fails is kept, and the error of the source is returned. Fails as `find`, and with `upload_offset_mismatch`
    /// (whose header fields and members tell the right offset), `upload_length_mismatch`, `upload_length_exceeded`,
    /// `upload_is_final`, `upload_checksum_mismatch`, `upload_interrupted`, `quota_exceeded`, `insufficient_storage`,
    /// and the errors of the examination, which end the upload (`failed`). For an upload that is done, a chunk of no
    /// bytes at its end is answered as the last one was.
    Task<Result<UploadStatus>> append(UploadReference const& reference, Chunk chunk);

    /// As `append`, of the request that began an upload and whose client does not know the address yet. If it does not
    /// end well, the upload is given up: nobody could go on with it, and its client will begin another one.
    Task<Result<UploadStatus>> append_first(UploadReference const& reference, Chunk chunk);

    /// Ends an upload and removes its bytes. Of one that is done, only the row goes. Fails with `upload_not_found` or
    /// `upload_locked`.
    Task<Result<void>> cancel(UploadReference const& reference);

    /// The open uploads of the caller, newest first, at most `limit` with an id below `before`.
    Task<Result<std::vector<ResumableUpload>>> list(Caller const& caller, std::optional<Uuid> before,
                                                    std::size_t limit);

    /// Examines uploads whose process died when all bytes had arrived, a few at each call. For one job. Returns how
    /// many have ended.
    Task<std::uint64_t> finish_unfinished();

    /// Ends the requests that append, now and from now on, as if others wanted their uploads: what has arrived is kept,
    /// and the clients go on with another process. For the end of this one. Thread-safe.
    void drain();

    /// Drops what is kept in memory between requests. Call it before the inspector is destroyed.
    void stop();

private:
    struct State;
    UploadCore& core_;
    std::chrono::seconds life_;
    std::shared_ptr<State> state_;
};

}  // namespace clinikk
