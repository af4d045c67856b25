#include "storage/s3_object_append.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

#include "storage/s3_answers.hpp"

namespace clinikk {
namespace {

/// Parts are a tenth larger than necessary, so that requests may end with smaller ones.
constexpr std::uint64_t planned_parts = 9'000;

std::uint64_t divide_up(std::uint64_t bytes, std::uint64_t count) { return (bytes + count - 1) / count; }

class S3ObjectAppend final : public ObjectAppend {
public:
    S3ObjectAppend(S3WriteContext const& context, S3AppendStart start)
        : context_(context),
          key_(std::move(start.key)),
          sizes_(start.sizes),
          hash_(std::move(start.hash)),
          upload_{key_, start.progress.upload_id} {
        return_to(std::move(start.progress));
    }

    /// Returns false when the tail of the state is gone. Parts are not asked for, since that would cost each append a
    /// request: without the multipart upload the next part fails, and without a part the completion does.
    Task<bool> begin() { return load_tail(); }

    Task<Result<void>> write(std::string_view bytes) override {
        try {
            co_return co_await take(bytes);
        } catch (s3::Failure const& refused) {
            if (!s3::is_lost_upload(refused)) throw;
            co_return Error(ErrorCode::upload_lost);
        }
    }

    Task<Result<AppendState>> save(bool all) override {
        try {
            if (all) co_await send_rest();
        } catch (s3::Failure const& refused) {
            if (!s3::is_lost_upload(refused)) throw;
            co_return Error(ErrorCode::upload_lost);
        }
        take_sent_parts();
        co_return to_append_state(saved_);
    }

    Task<> settle() override {
        while (!obsolete_.empty()) {
            co_await context_.client.call(s3::delete_object(s3_tail_key(key_, obsolete_.back())));
            obsolete_.pop_back();
        }
    }

    Task<> discard() override {
        if (sender_) co_await sender_->stop();
        sender_.reset();
        if (saved_.upload_id.empty() && !upload_.upload_id.empty()) {
            co_await s3_abort_multipart(context_.client, upload_);
            upload_.upload_id.clear();
        }
        return_to(std::move(saved_));
    }

private:
    void return_to(S3Progress progress) {
        saved_ = std::move(progress);
        part_.reset();
        parts_begun_ = saved_.parts.size();
        begun_at_ = saved_.size_of_parts();
        is_tail_loaded_ = saved_.tail.empty();
    }

    /// The tail becomes the beginning of the next part. The digest of the object has its bytes already.
    Task<bool> load_tail() {
        if (std::exchange(is_tail_loaded_, true)) co_return true;
        co_await begin_part();
        ByteRange const whole{0, saved_.tail_size};
        bool const is_read = co_await s3_read_into(context_.client, s3_tail_key(key_, saved_.tail), whole, *part_);
        part_->set_hashed();
        co_return is_read;
    }

    Task<Result<void>> take(std::string_view bytes) {
        bool const is_there = co_await load_tail();
        if (!is_there) co_return Error(ErrorCode::upload_lost);
        while (!bytes.empty()) {
            if (!part_) {
                if (begun_at_ >= sizes_.bound() || parts_begun_ >= s3_max_parts) {
                    co_return Error(ErrorCode::upload_too_large);
                }
                co_await begin_part();
            }
            auto const taken = part_->fill(bytes);
            bytes.remove_prefix(taken);
            if (part_->is_full()) co_await send_part();
        }
        co_return Result<void>();
    }

    Task<> begin_part() {
        auto const left = sizes_.bound() - std::min(sizes_.bound(), begun_at_);
        auto const capacity = std::max(std::min(sizes_.best(parts_begun_, begun_at_), left), saved_tail_size());
        part_ = co_await s3_borrow_part(context_, capacity);
    }

    std::uint64_t saved_tail_size() const noexcept {
        return parts_begun_ == saved_.parts.size() ? saved_.tail_size : 0;
    }

    Task<> send_part() {
        auto& client = context_.client;
        if (upload_.upload_id.empty()) upload_ = co_await s3_begin_multipart(client, s3_append_label(key_));
        if (!sender_) {
            auto const executor = co_await boost::asio::this_coro::executor;
            sender_ =
                std::make_shared<MultipartSender>(context_, executor, upload_, hash_, static_cast<int>(parts_begun_));
        }
        ++parts_begun_;
        begun_at_ += part_->bytes().size();
        co_await sender_->send(std::exchange(part_, nullptr));
    }

    /// Sends what has been gathered: as a part if it is large enough, else as a new tail.
    Task<> send_rest() {
        bool const has_new_bytes = part_ && !part_->unhashed().empty();
        if (has_new_bytes && part_->bytes().size() >= sizes_.least(parts_begun_, begun_at_)) co_await send_part();
        if (sender_) co_await sender_->finish();
        take_sent_parts();
        if (has_new_bytes && part_) co_await send_tail();
        part_.reset();
    }

    Task<> send_tail() {
        if (hash_) {
            auto const hash_rest = [hash = hash_, part = part_] { hash->update(part->unhashed()); };
            co_await context_.pool.run(hash_rest);
        }
        auto const name = make_tail_name();
        auto const size = part_->bytes().size();
        co_await s3_put(context_, s3_append_label(s3_tail_key(key_, name)), std::exchange(part_, nullptr));
        drop_tail();
        saved_.tail = name;
        saved_.tail_size = size;
    }

    /// Adds the parts that have been sent to the state. The first of them begins with the tail.
    void take_sent_parts() {
        if (!sender_) return;
        auto sent = sender_->take_sent();
        if (sent.empty()) return;
        drop_tail();
        saved_.upload_id = upload_.upload_id;
        std::ranges::move(sent, std::back_inserter(saved_.parts));
    }

    void drop_tail() {
        if (!saved_.tail.empty()) obsolete_.push_back(std::exchange(saved_.tail, ""));
        saved_.tail_size = 0;
    }

    S3WriteContext context_;
    std::string key_;
    S3PartSizes sizes_;
    std::shared_ptr<Sha256> hash_;
    MultipartUpload upload_;
    S3Progress saved_;
    std::shared_ptr<PartBuffer> part_;
    std::shared_ptr<MultipartSender> sender_;
    std::size_t parts_begun_ = 0;  ///< parts that were handed to the sender, now or earlier
    std::uint64_t begun_at_ = 0;   ///< where `part_` begins in the object
    bool is_tail_loaded_ = true;
    std::vector<std::string> obsolete_;  ///< tails of earlier states
};

}  // namespace

ObjectLabel s3_append_label(std::string key) { return {std::move(key), "application/octet-stream", ""}; }

Task<bool> s3_read_into(s3::Client& client, std::string_view key, ByteRange range, PartBuffer& part) {
    std::unique_ptr<client::HttpStream> stream;
    try {
        stream = co_await client.open(s3::get_object(key, range));
    } catch (s3::Failure const& refused) {
        if (refused.code() != "NoSuchKey" && refused.code() != "InvalidRange") throw;
        co_return false;
    }
    std::string piece;
    auto left = range.length;
    try {
        for (;;) {
            co_await stream->next(piece);
            if (piece.empty()) co_return left == 0;
            if (piece.size() > left || part.fill(piece) != piece.size()) co_return false;
            left -= piece.size();
        }
    } catch (client::TransferError const& broken) {
        throw s3::Failure("S3 GetObject " + std::string(key) + ": " + broken.what(), 0, "");
    }
}

Task<> s3_put(S3WriteContext const& context, ObjectLabel const& label, std::shared_ptr<PartBuffer const> part) {
    auto const hash = [&part] { return Sha256::of(part->bytes()); };
    auto const digest = co_await context.pool.run(hash);
    auto const bytes = part->bytes();
    co_await context.client.call(s3::put_object(label, bytes, std::move(part), digest));
}

Task<std::shared_ptr<PartBuffer>> s3_borrow_part(S3WriteContext const& context, std::uint64_t capacity) {
    auto const bytes = static_cast<std::size_t>(capacity);
    auto loan = co_await context.memory.borrow(bytes);
    co_return std::make_shared<PartBuffer>(std::move(loan), bytes);
}

std::uint64_t S3PartSizes::least(std::size_t parts, std::uint64_t size) const noexcept {
    auto const left = bound_ - std::min(bound_, size);
    auto const numbers = s3_max_parts - std::min<std::size_t>(parts, s3_max_parts - 1);
    return std::max(s3_least_part, divide_up(left, numbers));
}

std::uint64_t S3PartSizes::best(std::size_t parts, std::uint64_t size) const noexcept {
    auto const doubling = is_exact_ ? s3_part_size(first_, static_cast<int>(parts) + 1) : first_;
    auto const wanted = std::max<std::uint64_t>({doubling, divide_up(bound_, planned_parts), least(parts, size)});
    return std::min<std::uint64_t>(wanted, memory_);
}

Task<Result<std::unique_ptr<ObjectAppend>>> open_s3_object_append(S3WriteContext context, S3AppendStart start) {
    auto append = std::make_unique<S3ObjectAppend>(context, std::move(start));
    bool const is_whole = co_await append->begin();
    if (!is_whole) co_return Error(ErrorCode::upload_lost);
    co_return append;
}

}  // namespace clinikk
