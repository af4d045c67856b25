#include "storage/s3_parts.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "storage/s3_answers.hpp"

namespace clinikk {

std::size_t PartBuffer::fill(std::string_view bytes) {
    auto const count = std::min(bytes.size(), capacity_ - used_);
    std::memcpy(bytes_.get() + used_, bytes.data(), count);
    used_ += count;
    return count;
}

Task<MultipartUpload> s3_begin_multipart(s3::Client& client, ObjectLabel const& label) {
    auto const answer = co_await client.call(s3::create_multipart_upload(label));
    auto id = s3::parse_upload_id(answer.body);
    if (!id) throw s3::Failure("S3 CreateMultipartUpload " + label.key + ": the answer has no upload id", 200, "");
    co_return MultipartUpload{label.key, *std::move(id)};
}

Task<> s3_abort_multipart(s3::Client& client, MultipartUpload const& upload) {
    try {
        co_await client.call(s3::abort_multipart_upload(upload.key, upload.upload_id));
    } catch (s3::Failure const& refused) {
        if (!s3::is_lost_upload(refused)) throw;  // it is gone already
    }
}

MultipartSender::MultipartSender(S3WriteContext const& context, boost::asio::any_io_executor executor,
                                 MultipartUpload upload, std::shared_ptr<Sha256> hash, int sent_before)
    : context_(context),
      executor_(std::move(executor)),
      wakeup_(executor_),
      upload_(std::move(upload)),
      hash_(std::move(hash)),
      sent_before_(sent_before) {}

bool MultipartSender::is_ready_for_more() const noexcept {
    if (failure_) return in_flight_ == 0;
    return hashed_ == parts_.size() && in_flight_ < context_.options.parallel_parts;
}

Task<> MultipartSender::send(std::shared_ptr<PartBuffer const> part) {
    while (!is_ready_for_more()) co_await wakeup_.wait();
    throw_failure();
    ++in_flight_;
    auto const index = parts_.size();
    parts_.push_back({sent_before_ + static_cast<int>(index) + 1, part->bytes().size()});
    auto work = [](std::shared_ptr<MultipartSender> self, std::shared_ptr<PartBuffer const> bytes,
                   std::size_t at) -> Task<> { co_await self->hash_and_send(std::move(bytes), at); };
    boost::asio::co_spawn(executor_, work(shared_from_this(), std::move(part), index), boost::asio::detached);
}

Task<> MultipartSender::hash_and_send(std::shared_ptr<PartBuffer const> part, std::size_t index) {
    try {
        if (hash_) {
            auto const hash_all = [hash = hash_, &part] { hash->update(part->unhashed()); };
            co_await context_.pool.run(hash_all);
        }
        ++hashed_;
        wakeup_.wake();
        auto const hash_part = [&part] { return Sha256::of(part->bytes()); };
        auto const digest = co_await context_.pool.run(hash_part);
        auto const number = parts_[index].number;
        auto call = s3::upload_part(upload_.key, upload_.upload_id, number, part->bytes(), part, digest);
        auto const answer = co_await context_.client.call(std::move(call));
        parts_[index].etag = answer.head.find("etag");
        if (parts_[index].etag.empty()) throw s3::Failure("S3 UploadPart " + upload_.key + ": no ETag", 200, "");
    } catch (...) {
        failure_ = std::current_exception();
    }
    part.reset();
    --in_flight_;
    wakeup_.wake();
}

Task<> MultipartSender::finish() {
    co_await stop();
    throw_failure();
}

Task<> MultipartSender::stop() {
    while (in_flight_ > 0) co_await wakeup_.wait();
}

std::vector<s3::UploadedPart> MultipartSender::take_sent() {
    std::vector<s3::UploadedPart> sent;
    while (taken_ < parts_.size() && !parts_[taken_].etag.empty()) sent.push_back(parts_[taken_++]);
    return sent;
}

void MultipartSender::throw_failure() const {
    if (failure_) std::rethrow_exception(failure_);
}

}  // namespace clinikk
