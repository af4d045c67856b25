#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/result.hpp"

namespace clinikk {

struct ChunkChecksum;

/// The digests of a chunk by the algorithms that its checksum may have.
class ChunkDigests {
public:
    /// `algorithm` is empty when it will be known only behind the bytes. Fails with `upload_checksum_unsupported`.
    static Result<ChunkDigests> begin(std::string_view algorithm);

    void update(std::string_view bytes);

    /// Compares. Call it once. Fails with `upload_checksum_unsupported` or `upload_checksum_mismatch`.
    Result<void> verify(ChunkChecksum const& stated);

private:
    std::map<std::string, std::unique_ptr<Digest>, std::less<>> digests_;
};

}  // namespace clinikk
