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

MultipartSender::MultipartSender(S3WriteContext const& context, boost::asio::any_io_executor executor,
                                 ObjectLabel label)
    : context_(context), executor_(std::move(executor)), wakeup_(executor_), label_(std::move(label)) {}

Task<> MultipartSender::begin() {
    auto call = s3::create_multipart_upload(label_);
    auto const answer = co_await context_.client.call(std::move(call));
    auto id = s3::parse_upload_id(answer.body);
    if (!id) throw s3::Failure("S3 CreateMultipartUpload " + label_.key + ": the answer has no upload id", 200, "");
    upload_id_ = *std::move(id);
}

Task<> MultipartSender::send(std::shared_ptr<PartBuffer const> part) {
    while (!failure_ && (hashed_ < handed_over_ || in_flight_ >= context_.options.parallel_parts)) {
        co_await wakeup_.wait();
    }
    throw_failure();
    ++in_flight_;
    ++handed_over_;
    auto work = [](std::shared_ptr<MultipartSender> self, std::shared_ptr<PartBuffer const> bytes,
                   int number) -> Task<> { co_await self->hash_and_send(std::move(bytes), number); };
    boost::asio::co_spawn(executor_, work(shared_from_this(), std::move(part), handed_over_), boost::asio::detached);
}

Task<> MultipartSender::hash_and_send(std::shared_ptr<PartBuffer const> part, int number) {
    try {
        auto const hash_all = [this, &part] { hash_.update(part->bytes()); };
        co_await context_.pool.run(hash_all);
        ++hashed_;
        wakeup_.wake();
        auto const hash_part = [&part] { return Sha256::of(part->bytes()); };
        auto const digest = co_await context_.pool.run(hash_part);
        auto call = s3::upload_part(label_.key, upload_id_, number, part->bytes(), part, digest);
        auto const answer = co_await context_.client.call(std::move(call));
        uploaded_.push_back({number, std::string(answer.head.find("etag"))});
    } catch (...) {
        failure_ = std::current_exception();
    }
    part.reset();
    --in_flight_;
    wakeup_.wake();
}

Task<Sha256Digest> MultipartSender::finish() {
    while (!failure_ && in_flight_ > 0) co_await wakeup_.wait();
    throw_failure();
    co_return hash_.finish();
}

Task<> MultipartSender::complete(std::uint64_t size) {
    co_await s3_complete(context_.client, label_.key, upload_id_, uploaded_, size);
    upload_id_.clear();
}

Task<> MultipartSender::abort() {
    while (in_flight_ > 0) co_await wakeup_.wait();
    if (upload_id_.empty()) co_return;
    try {
        auto call = s3::abort_multipart_upload(label_.key, upload_id_);
        co_await context_.client.call(std::move(call));
    } catch (s3::Failure const& refused) {
        if (refused.status() != 404) throw;  // it is gone already
    }
    upload_id_.clear();
}

void MultipartSender::throw_failure() const {
    if (failure_) std::rethrow_exception(failure_);
}

}  // namespace clinikk
