#include "api/byte_ranges.hpp"

#include <algorithm>

#include "http/message/range.hpp"

namespace clinikk::api {
namespace {

constexpr std::uint64_t piece_size = 256 * 1024;

}  // namespace

ByteRangesSource::ByteRangesSource(PlaybackService& service, Playback playback, std::vector<ByteRange> ranges,
                                   std::string boundary)
    : service_(service),
      playback_(std::move(playback)),
      ranges_(std::move(ranges)),
      tail_("\r\n--" + boundary + "--\r\n") {
    for (auto const& range : ranges_) {
        heads_.push_back("\r\n--" + boundary + "\r\nContent-Type: " + std::string(playback_.media_type()) +
                         "\r\nContent-Range: " + http::format_content_range(range, playback_.size()) + "\r\n\r\n");
        length_ += heads_.back().size() + range.length;
    }
    length_ += tail_.size();
}

Task<Result<std::string_view>> ByteRangesSource::next() {
    if (ended_) co_return std::string_view{};
    if (current_ == ranges_.size()) {
        ended_ = true;
        co_return std::string_view(tail_);
    }
    if (!head_sent_) {
        head_sent_ = true;
        co_return std::string_view(heads_[current_]);
    }
    auto const& range = ranges_[current_];
    ByteRange const wanted{range.offset + done_, std::min(piece_size, range.length - done_)};
    auto bytes = co_await service_.read(playback_, wanted);
    if (!bytes) co_return bytes.error();
    if (bytes->empty()) co_return Error(ErrorCode::internal);  // shorter than its row states
    piece_ = std::move(*bytes);
    done_ += piece_.size();
    if (done_ == range.length) {
        ++current_;
        head_sent_ = false;
        done_ = 0;
    }
    co_return std::string_view(piece_);
}

}  // namespace clinikk::api
