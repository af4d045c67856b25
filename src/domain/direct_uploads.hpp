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

/// An upload that a store has begun: the key of the future object and the id that the store gave the upload.
struct DirectUploadHandle {
    std::string key{};
    std::string upload_id{};
};

/// A part that a client may send or has sent. Parts are numbered from 1.
struct PartSlot {
    int number = 0;
    std::uint64_t size = 0;
};

struct StoredPart {
    int number = 0;
    std::uint64_t size = 0;
    std::string etag{};  ///< as the store gives it, with its quotes
};

/// An address to which a client PUTs one part of exactly `size` bytes.
struct PartAddress {
    int number = 0;
    std::uint64_t size = 0;
    std::string url{};
};

struct PartAddresses {
    std::vector<PartAddress> parts{};
    Timestamp expires_at{};  ///< when the addresses stop working
};

/// Direct uploads to a store whose clients can send the parts of an object themselves. Breakage is thrown.
class DirectUploads {
public:
    virtual ~DirectUploads() = default;

    /// Begins an object whose bytes will come in parts. The object is visible under its key only after `complete`.
    virtual Task<DirectUploadHandle> begin(ObjectLabel const& label) = 0;

    /// Returns addresses for these parts. They are valid for `expires`, or less if the credentials of this process end
    /// earlier.
    virtual Task<PartAddresses> addresses(DirectUploadHandle const& upload, std::span<PartSlot const> parts,
                                          std::chrono::seconds expires) = 0;

    /// Returns the parts that have arrived, by number; empty when there is no such upload because it was completed or
    /// aborted.
    virtual Task<std::optional<std::vector<StoredPart>>> list_parts(DirectUploadHandle const& upload) = 0;

    /// Joins the parts to an object of `size` bytes. Fails with `parts_mismatch` when the stored parts are no longer
    /// those listed, since a client may overwrite a part until its address expires. Fails with `upload_not_found` when
    /// neither the upload nor an object that it could have become exists.
    virtual Task<Result<void>> complete(DirectUploadHandle const& upload, std::vector<StoredPart> const& parts,
                                        std::uint64_t size) = 0;

    /// Removes the parts that have arrived. It is not an error when there are none.
    virtual Task<> abort(DirectUploadHandle const& upload) = 0;
};

}  // namespace clinikk
