#include "storage/s3_object_write.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <utility>

#include "domain/object_key.hpp"
#include "storage/s3_answers.hpp"
#include "storage/s3_parts.hpp"

namespace clinikk {
namespace {

constexpr std::size_t largest_part = 64UL * 1024 * 1024;
constexpr int parts_of_one_size = 2000;
constexpr std::uint64_t copied_part = 1ULL << 30U;

}  // namespace

Task<bool> s3_has_size(s3::Client& client, std::string_view key, std::uint64_t size) {
    try {
        auto const answer = co_await client.call(s3::head_object(key));
        auto const length = answer.head.find("content-length");
        std::uint64_t stored = 0;
        std::from_chars(length.data(), length.data() + length.size(), stored);
        co_return stored == size;
    } catch (s3::Failure const& refused) {
        if (refused.status() != 404) throw;
        co_return false;
    }
}

namespace {

class S3ObjectWrite final : public ObjectWrite {
public:
    explicit S3ObjectWrite(S3WriteContext const& context) : context_(context) {}

    void set_labeller(Labeller labeller) override { labeller_ = std::move(labeller); }

    Task<Result<StoredBytes>> write(ByteSource& source, std::uint64_t max_size) override {
        if (std::exchange(state_, State::failed) != State::fresh) throw std::logic_error("an object is written once");
        auto const copied = co_await copy_from(source, max_size);
        if (!copied) co_return copied.error();
        if (sender_) {
            if (part_) co_await sender_->send(std::exchange(part_, nullptr));
            co_await sender_->finish();
            parts_ = sender_->take_sent();
            stored_.sha256 = hash_->finish();
        } else {
            auto const hash = [this] { return Sha256::of(bytes_of_part()); };
            stored_.sha256 = co_await context_.pool.run(hash);
        }
        state_ = State::written;
        co_return stored_;
    }

    Task<> commit(std::string_view key) override {
        require_object_key(key);
        if (std::exchange(state_, State::failed) != State::written) {
            throw std::logic_error("only an object that is written can be committed");
        }
        if (sender_) {
            if (upload_.key != key) throw std::logic_error("the object was begun under another key");
            co_await s3_complete(context_.client, upload_.key, upload_.upload_id, parts_, stored_.size);
        } else {
            auto label = labeller_ ? labeller_() : ObjectLabel{};
            label.key = key;
            auto call = s3::put_object(label, bytes_of_part(), part_, stored_.sha256);
            co_await context_.client.call(std::move(call));
            part_.reset();
        }
        state_ = State::committed;
    }

    Task<> discard() override {
        part_.reset();
        if (!sender_ || state_ == State::committed) co_return;
        co_await sender_->stop();
        co_await s3_abort_multipart(context_.client, upload_);
    }

private:
    enum class State { fresh, written, failed, committed };

    Task<Result<void>> copy_from(ByteSource& source, std::uint64_t max_size) {
        for (;;) {
            auto const piece = co_await source.next();
            if (!piece) co_return piece.error();
            if (piece->empty()) co_return Result<void>();
            stored_.size += piece->size();
            if (stored_.size > max_size) co_return Error(ErrorCode::upload_too_large);
            for (auto rest = *piece; !rest.empty();) {
                // A part is sent when more bytes follow it: an object that fits into one part needs no multipart
                // upload.
                if (part_ && part_->is_full()) co_await send_part();
                if (!part_) {
                    if (parts_begun_ == s3_max_parts) co_return Error(ErrorCode::upload_too_large);
                    co_await begin_part(max_size - (stored_.size - rest.size()));
                }
                rest.remove_prefix(part_->fill(rest));
            }
        }
    }

    Task<> begin_part(std::uint64_t at_most) {
        auto const size = s3_part_size(context_.options.part_size, ++parts_begun_);
        auto const capacity = static_cast<std::size_t>(std::min<std::uint64_t>(size, at_most));
        auto loan = co_await context_.memory.borrow(capacity);
        part_ = std::make_shared<PartBuffer>(std::move(loan), capacity);
    }

    Task<> send_part() {
        if (!sender_) {
            auto const executor = co_await boost::asio::this_coro::executor;
            auto const label = labeller_ ? labeller_() : ObjectLabel{};
            if (label.key.empty()) throw std::logic_error("nothing tells where the object will stand");
            upload_ = co_await s3_begin_multipart(context_.client, label);
            sender_ = std::make_shared<MultipartSender>(context_, executor, upload_, hash_);
        }
        co_await sender_->send(std::exchange(part_, nullptr));
    }

    std::string_view bytes_of_part() const noexcept { return part_ ? part_->bytes() : std::string_view{}; }

    S3WriteContext context_;
    Labeller labeller_;
    std::shared_ptr<PartBuffer> part_;
    MultipartUpload upload_;
    std::shared_ptr<Sha256> hash_ = std::make_shared<Sha256>();
    std::shared_ptr<MultipartSender> sender_;
    std::vector<s3::UploadedPart> parts_;
    int parts_begun_ = 0;
    StoredBytes stored_{};
    State state_ = State::fresh;
};

}  // namespace

std::size_t s3_part_size(std::size_t first, int number) {
    auto const doublings = std::min((number - 1) / parts_of_one_size, 3);
    return std::min(first << static_cast<unsigned>(doublings), largest_part);
}

Task<> s3_copy(S3WriteContext const& context, std::string_view from, std::string_view to, std::uint64_t size) {
    auto& client = context.client;
    auto const& bucket = client.address().bucket();
    if (size <= context.options.copy_limit) {
        co_await client.call(s3::copy_object(bucket, from, to));
        co_return;
    }
    auto const upload = co_await s3_begin_multipart(client, ObjectLabel{std::string(to)});
    auto const& id = upload.upload_id;
    auto const piece = std::min(copied_part, context.options.copy_limit);
    std::vector<s3::UploadedPart> parts;
    for (std::uint64_t offset = 0; offset < size; offset += piece) {
        ByteRange const range{offset, std::min(piece, size - offset)};
        int const number = static_cast<int>(parts.size()) + 1;
        auto const answer = co_await client.call(s3::upload_part_copy(bucket, from, to, id, number, range));
        parts.push_back({number, range.length, s3::parse_etag(answer.body).value_or("")});
    }
    co_await client.call(s3::complete_multipart_upload(to, id, std::move(parts)));
}

Task<> s3_complete(s3::Client& client, std::string_view key, std::string_view upload_id,
                   std::vector<s3::UploadedPart> parts, std::uint64_t size) {
    std::optional<s3::Failure> failure;
    try {
        auto call = s3::complete_multipart_upload(key, upload_id, std::move(parts));
        auto const answer = co_await client.call(std::move(call));
        if (s3::is_completed(answer.body)) co_return;
        failure.emplace("S3 CompleteMultipartUpload " + std::string(key) + ": the answer cannot be understood", 200,
                        "");
    } catch (s3::Failure const& refused) {
        failure = refused;
    }
    if (s3::is_lost_upload(*failure) && co_await s3_has_size(client, key, size)) co_return;
    throw s3::Failure(*failure);
}

std::unique_ptr<ObjectWrite> make_s3_object_write(S3WriteContext const& context) {
    return std::make_unique<S3ObjectWrite>(context);
}

}  // namespace clinikk
