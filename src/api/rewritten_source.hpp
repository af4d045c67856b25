#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "domain/byte_source.hpp"
#include "domain/packaging.hpp"
#include "service/playback_service.hpp"

namespace clinikk::api {

/// Pieces of a rearranged file, read and rewritten bit by bit: the tables of a long film need not fit into memory.
class RewrittenSource : public ByteSource {
public:
    /// `service` must outlive it. `media` has the file, and `playback` is that of its source.
    RewrittenSource(PlaybackService& service, Playback playback, std::shared_ptr<PackagedMedia const> media,
                    std::vector<RearrangedPiece> pieces);

    Task<Result<std::string_view>> next() override;

private:
    PlaybackService& service_;
    Playback playback_;
    std::shared_ptr<PackagedMedia const> media_;
    std::vector<RearrangedPiece> pieces_;
    std::size_t current_ = 0;
    std::uint64_t done_ = 0;  ///< bytes of the current piece
    std::string bytes_;
};

}  // namespace clinikk::api
