#include "storage/s3_concatenation.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <optional>
#include <utility>

#include "storage/s3_answers.hpp"
#include "storage/s3_object_append.hpp"

namespace clinikk {
namespace {

constexpr std::uint64_t largest_copy = 1ULL << 30U;

class Concatenation {
public:
    Concatenation(S3WriteContext const& context, std::string const& key) : context_(context), upload_{key, ""} {}

    Task<Result<void>> append(ConcatenatedObject const& object) {
        std::uint64_t offset = 0;
        while (offset < object.size) {
            auto const left = object.size - offset;
            bool const is_copied = !part_ && left >= s3_least_part;
            if (progress_.parts.size() + 1 >= s3_max_parts) co_return Error(ErrorCode::upload_too_large);
            ByteRange const range{offset, is_copied ? copied_length(left) : gathered_length(left)};
            bool is_there = false;
            if (is_copied) {
                is_there = co_await copy(object.key, range);
            } else {
                is_there = co_await gather(object.key, range);
            }
            if (!is_there) co_return Error(ErrorCode::upload_lost);
            offset += range.length;
        }
        co_return Result<void>();
    }

    Task<AppendState> finish() {
        if (part_) {
            progress_.tail = make_tail_name();
            progress_.tail_size = part_->bytes().size();
            auto const label = s3_append_label(s3_tail_key(upload_.key, progress_.tail));
            co_await s3_put(context_, label, std::exchange(part_, nullptr));
        }
        progress_.upload_id = upload_.upload_id;
        co_return to_append_state(progress_);
    }

private:
    /// Equal pieces, so that none is too small for a part.
    static std::uint64_t copied_length(std::uint64_t left) {
        auto const pieces = (left + largest_copy - 1) / largest_copy;
        return (left + pieces - 1) / pieces;
    }

    std::uint64_t gathered_length(std::uint64_t left) const {
        auto const gathered = part_ ? part_->bytes().size() : 0;
        return std::min(left, s3_least_part - gathered);
    }

    Task<> begin_upload() {
        if (!upload_.upload_id.empty()) co_return;
        upload_ = co_await s3_begin_multipart(context_.client, s3_append_label(upload_.key));
    }

    Task<bool> copy(std::string const& from, ByteRange range) {
        co_await begin_upload();
        auto& client = context_.client;
        auto const number = static_cast<int>(progress_.parts.size()) + 1;
        try {
            auto const& bucket = client.address().bucket();
            auto const answer =
                co_await client.call(s3::upload_part_copy(bucket, from, upload_.key, upload_.upload_id, number, range));
            auto etag = s3::parse_etag(answer.body);
            if (!etag) throw s3::Failure("S3 UploadPartCopy " + upload_.key + ": the answer has no ETag", 200, "");
            progress_.parts.push_back({number, range.length, *std::move(etag)});
        } catch (s3::Failure const& refused) {
            if (!s3::is_lost_upload(refused)) throw;
            co_return false;
        }
        co_return true;
    }

    Task<bool> gather(std::string const& from, ByteRange range) {
        if (!part_) part_ = co_await s3_borrow_part(context_, s3_least_part);
        bool const is_read = co_await s3_read_into(context_.client, from, range, *part_);
        if (is_read && part_->is_full()) co_await send();
        co_return is_read;
    }

    Task<> send() {
        co_await begin_upload();
        auto const sender = co_await s3_make_sender(context_, upload_, static_cast<int>(progress_.parts.size()));
        co_await sender->send(std::exchange(part_, nullptr));
        co_await sender->finish();
        std::ranges::move(sender->take_sent(), std::back_inserter(progress_.parts));
    }

    S3WriteContext context_;
    MultipartUpload upload_;
    S3Progress progress_;
    std::shared_ptr<PartBuffer> part_;  ///< fewer bytes than a part must have
};

}  // namespace

Task<std::shared_ptr<MultipartSender>> s3_make_sender(S3WriteContext const& context, MultipartUpload const& upload,
                                                      int sent_before) {
    auto const executor = co_await boost::asio::this_coro::executor;
    co_return std::make_shared<MultipartSender>(context, executor, upload, nullptr, sent_before);
}

Task<Result<AppendState>> s3_concatenate(S3WriteContext const& context, std::string const& key,
                                         std::span<ConcatenatedObject const> objects) {
    Concatenation concatenation(context, key);
    for (auto const& object : objects) {
        auto const appended = co_await concatenation.append(object);
        if (!appended) co_return appended.error();
    }
    co_return co_await concatenation.finish();
}

}  // namespace clinikk
