#include "storage/s3_appendable_objects.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "domain/object_key.hpp"
#include "storage/s3_answers.hpp"
#include "storage/s3_concatenation.hpp"
#include "storage/s3_object_append.hpp"

namespace clinikk {
namespace {

constexpr std::size_t page_of_keys = 1000;

void require_write_id(std::string_view id) {
    if (!is_write_id(id)) throw std::invalid_argument("not a write id");
}

/// Returns whether CompleteMultipartUpload was refused because a part is not the one of the state.
bool is_mismatch(s3::Failure const& refused) {
    constexpr std::array<std::string_view, 3> codes{"InvalidPart", "InvalidPartOrder", "EntityTooSmall"};
    return std::ranges::find(codes, refused.code()) != codes.end();
}

class S3AppendableObjects final : public AppendableObjects {
public:
    S3AppendableObjects(S3WriteContext const& context, Log& log) : context_(context), log_(log) {}

    Task<Result<std::unique_ptr<ObjectAppend>>> open(std::string_view write_id, AppendState state,
                                                     std::optional<std::uint64_t> length, std::uint64_t max_size,
                                                     std::shared_ptr<Sha256> hash) override {
        require_write_id(write_id);
        S3PartSizes const sizes(context_.options, context_.memory.total(), length.value_or(max_size),
                                length.has_value());
        S3AppendStart start{s3_append_key(write_id), parse_append_state(state), sizes, std::move(hash)};
        co_return co_await open_s3_object_append(context_, std::move(start));
    }

    Task<Result<void>> complete(std::string_view write_id, AppendState const& state) override {
        auto const completed = co_await make_object(write_id, state);
        if (!completed) co_return completed.error();
        try {
            co_await remove_leftovers(s3_append_key(write_id), false);
        } catch (s3::Failure const& refused) {
            log_.warning("s3.leftovers_kept", {{"key", s3_append_key(write_id)}, {"error", refused.what()}});
        }
        co_return Result<void>();
    }

    Task<Result<AppendState>> concatenate(std::string_view write_id, std::span<Piece const> pieces,
                                          std::uint64_t max_size) override {
        require_write_id(write_id);
        std::uint64_t total = 0;
        for (auto const& piece : pieces) {
            if (piece.state.size > max_size - total) co_return Error(ErrorCode::upload_too_large);
            total += piece.state.size;
        }
        std::vector<ConcatenatedObject> objects;
        for (auto const& piece : pieces) {
            auto key = s3_append_key(piece.write_id);
            bool const is_whole = co_await s3_has_size(client(), key, piece.state.size);
            if (!is_whole) {
                auto const completed = co_await complete(piece.write_id, piece.state);
                if (!completed) co_return completed.error();
            }
            objects.push_back({std::move(key), piece.state.size});
        }
        co_return co_await s3_concatenate(context_, s3_append_key(write_id), objects);
    }

    Task<> remove(std::string_view write_id, AppendState const& state) override {
        require_write_id(write_id);
        auto const key = s3_append_key(write_id);
        MultipartUpload const upload{key, parse_append_state(state).upload_id};
        if (!upload.upload_id.empty()) co_await s3_abort_multipart(client(), upload);
        co_await remove_leftovers(key, true);
    }

private:
    s3::Client& client() const noexcept { return context_.client; }

    /// The object may be there already. Then the upload and the tail are gone, and nothing else is wrong.
    Task<Result<void>> make_object(std::string_view write_id, AppendState const& state) {
        require_write_id(write_id);
        auto const key = s3_append_key(write_id);
        auto const progress = parse_append_state(state);
        std::optional<s3::Failure> failure;
        bool is_whole = false;
        try {
            is_whole = co_await join(key, progress);
        } catch (s3::Failure const& refused) {
            failure = refused;
        }
        if (is_whole) co_return Result<void>();
        if (failure && failure->status() == 0) throw s3::Failure(*failure);
        bool const is_there = co_await s3_has_size(client(), key, state.size);
        if (is_there) co_return Result<void>();
        if (!failure || is_mismatch(*failure) || s3::is_lost_upload(*failure)) co_return Error(ErrorCode::upload_lost);
        // RADOS Gateway may report an internal error when the upload is gone; the list of its parts tells.
        bool const is_gone = co_await has_lost_upload(key, progress);
        if (is_gone) co_return Error(ErrorCode::upload_lost);
        throw s3::Failure(*failure);
    }

    /// Returns false when the tail is gone.
    Task<bool> join(std::string const& key, S3Progress const& progress) {
        if (progress.upload_id.empty()) co_return co_await make_small_object(key, progress);
        auto parts = progress.parts;
        if (!progress.tail.empty()) {
            auto const part = co_await read_tail(key, progress);
            if (!part) co_return false;
            MultipartUpload const upload{key, progress.upload_id};
            auto const sender = co_await s3_make_sender(context_, upload, static_cast<int>(parts.size()));
            co_await sender->send(part);
            co_await sender->finish();
            std::ranges::move(sender->take_sent(), std::back_inserter(parts));
        }
        co_await s3_complete(client(), key, progress.upload_id, std::move(parts), progress.size());
        co_return true;
    }

    /// An object without parts: its tail under another key, with the label that the tail has, or no bytes.
    Task<bool> make_small_object(std::string const& key, S3Progress const& progress) {
        if (progress.tail.empty()) {
            auto const label = s3_append_label(key);
            auto call = s3::put_object(label, "", nullptr, Sha256::of(""));
            co_await client().call(std::move(call));
            co_return true;
        }
        auto const from = s3_tail_key(key, progress.tail);
        bool const is_whole = co_await s3_has_size(client(), from, progress.tail_size);
        if (is_whole) co_await s3_copy(context_, from, key, progress.tail_size);
        co_return is_whole;
    }

    Task<std::shared_ptr<PartBuffer>> read_tail(std::string const& key, S3Progress const& progress) {
        auto part = co_await s3_borrow_part(context_, progress.tail_size);
        ByteRange const whole{0, progress.tail_size};
        bool const is_read = co_await s3_read_into(client(), s3_tail_key(key, progress.tail), whole, *part);
        co_return is_read ? part : nullptr;
    }

    Task<bool> has_lost_upload(std::string const& key, S3Progress const& progress) {
        if (progress.upload_id.empty()) co_return false;
        try {
            co_await client().call(s3::list_parts(key, progress.upload_id, 0));
        } catch (s3::Failure const& refused) {
            co_return s3::is_lost_upload(refused);
        }
        co_return false;
    }

    /// Removes tails and parts of the object with that key, and the object itself if told so.
    Task<> remove_leftovers(std::string const& key, bool with_object) {
        auto const begun = co_await client().call(s3::list_multipart_uploads(key));
        auto const uploads = s3::parse_uploads(begun.body);
        if (!uploads) throw s3::Failure("S3 ListMultipartUploads: the answer is not a list", begun.head.status, "");
        for (auto const& [upload_key, upload_id] : *uploads) {
            MultipartUpload const upload{upload_key, upload_id};
            co_await s3_abort_multipart(client(), upload);
        }
        for (std::string after;;) {
            auto const answer = co_await client().call(s3::list_objects(key, after, page_of_keys));
            auto const page = s3::parse_objects(answer.body);
            if (!page) throw s3::Failure("S3 ListObjectsV2: the answer is not a list", answer.head.status, "");
            for (auto const& found : page->keys) {
                if (found != key || with_object) co_await client().call(s3::delete_object(found));
            }
            if (!page->is_truncated || page->keys.empty()) co_return;
            after = page->keys.back();
        }
    }

    S3WriteContext context_;
    Log& log_;
};

}  // namespace

std::unique_ptr<AppendableObjects> make_s3_appendable_objects(S3WriteContext const& context, Log& log) {
    return std::make_unique<S3AppendableObjects>(context, log);
}

}  // namespace clinikk
