#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/object_store.hpp"

namespace clinikk {

/// An upload that a store has begun: the key its object will stand under, and the store's own id for it.
struct DirectUploadHandle {
    std::string key{};
    std::string upload_id{};
};

/// A part that a client may send, or has sent. Numbers count from 1.
struct PartSlot {
    int number = 0;
    std::uint64_t size = 0;
};

struct StoredPart {
    int number = 0;
    std::uint64_t size = 0;
    std::string etag{};  ///< as the store gives it, with its quotes
};

/// Where a client PUTs a part, with exactly so many bytes.
struct PartAddress {
    int number = 0;
    std::uint64_t size = 0;
    std::string url{};
};

struct PartAddresses {
    std::vector<PartAddress> parts{};
    Timestamp expires_at{};  ///< when they cease to be good
};

/// What a store offers whose clients can send it an object's parts themselves. Breakage is thrown.
class DirectUploads {
public:
    virtual ~DirectUploads() = default;

    /// Begins an object whose bytes will come in parts. Nothing is visible under its key until `complete`.
    virtual Task<DirectUploadHandle> begin(ObjectLabel const& label) = 0;

    /// Addresses for these parts. They are good for `expires`, or as long as this process may give its consent, which
    /// can be less.
    virtual Task<PartAddresses> addresses(DirectUploadHandle const& upload, std::span<PartSlot const> parts,
                                          std::chrono::seconds expires) = 0;

    /// The parts that have come, by number; empty when there is no such upload: it was completed, or aborted.
    virtual Task<std::optional<std::vector<StoredPart>>> list_parts(DirectUploadHandle const& upload) = 0;

    /// Makes the parts an object of `size` bytes. Fails with `parts_mismatch` when they are not those that are there by
    /// now, since a client may overwrite a part until its address expires; with `upload_not_found` when there is no
    /// such upload any more, and no object that it could have become.
    virtual Task<Result<void>> complete(DirectUploadHandle const& upload, std::vector<StoredPart> const& parts,
                                        std::uint64_t size) = 0;

    /// Gives up the parts that have come; it is no error when there are none any more.
    virtual Task<> abort(DirectUploadHandle const& upload) = 0;

    /// Has an object of `size` bytes stand under the key of `label` too, with that media type and disposition.
    virtual Task<> relabel(std::string const& from, ObjectLabel const& label, std::uint64_t size) = 0;
};

}  // namespace clinikk
