#include "service/chunk_digests.hpp"

#include "service/resumable_upload_service.hpp"

namespace clinikk {

Result<ChunkDigests> ChunkDigests::begin(std::string_view algorithm) {
    ChunkDigests digests;
    auto rest = algorithm.empty() ? chunk_checksum_algorithms : algorithm;
    while (!rest.empty()) {
        auto const name = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(rest.size(), name.size() + 1));
        auto digest = Digest::make(name);
        if (!digest) return Error(ErrorCode::upload_checksum_unsupported);
        digests.digests_.emplace(name, std::move(digest));
    }
    return digests;
}

void ChunkDigests::update(std::string_view bytes) {
    for (auto const& [name, digest] : digests_) digest->update(bytes);
}

Result<void> ChunkDigests::verify(ChunkChecksum const& stated) {
    auto const found = digests_.find(stated.algorithm);
    if (found == digests_.end()) return Error(ErrorCode::upload_checksum_unsupported);
    if (found->second->finish() != stated.digest) return Error(ErrorCode::upload_checksum_mismatch);
    return {};
}

}  // namespace clinikk
