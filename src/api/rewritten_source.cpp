#include "api/rewritten_source.hpp"

#include <algorithm>

namespace clinikk::api {
namespace {

constexpr std::uint64_t part_size = 256UL * 1024;

}  // namespace

RewrittenSource::RewrittenSource(PlaybackService& service, Playback playback,
                                 std::shared_ptr<PackagedMedia const> media, std::vector<RearrangedPiece> pieces)
    : service_(service), playback_(std::move(playback)), media_(std::move(media)), pieces_(std::move(pieces)) {}

Task<Result<std::string_view>> RewrittenSource::next() {
    if (current_ == pieces_.size()) co_return std::string_view{};
    auto const& piece = pieces_[current_];
    ByteRange const part{piece.source.offset + done_, std::min(part_size, piece.source.length - done_)};
    auto const& file = *media_->fast_start();
    auto const wanted = piece.is_rewritten ? file.to_read(part) : part;
    auto bytes = co_await service_.read(playback_, wanted);
    if (!bytes) co_return bytes.error();
    if (bytes->size() != wanted.length) co_return Error(ErrorCode::internal);  // shorter than its row states
    bytes_ = piece.is_rewritten ? file.rewrite(part, std::move(*bytes)) : std::move(*bytes);
    done_ += part.length;
    if (done_ == piece.source.length) {
        ++current_;
        done_ = 0;
    }
    co_return std::string_view(bytes_);
}

}  // namespace clinikk::api
