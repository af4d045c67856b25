#include "storage/s3_object_store.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "domain/object_key.hpp"
#include "storage/gathered_source.hpp"
#include "storage/s3_answers.hpp"
#include "storage/s3_appendable_objects.hpp"
#include "storage/s3_client.hpp"
#include "storage/s3_direct_uploads.hpp"
#include "storage/s3_object_write.hpp"

namespace clinikk {
namespace {

constexpr std::size_t page_of_keys = 1000;
constexpr int max_resumptions = 3;

/// The size of the whole in a Content-Range (RFC 9110 section 14.4); empty when it states none.
std::optional<std::uint64_t> size_of_object(client::HttpHead const& head) {
    auto const range = head.find("content-range");
    auto const digits = range.substr(std::min(range.size(), range.find('/') + 1));
    std::uint64_t size = 0;
    auto const [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
    bool const is_number = failure == std::errc{} && end == digits.data() + digits.size();
    return is_number ? std::optional(size) : std::nullopt;
}

/// The bytes of an object as they arrive. A transfer that breaks off is continued from where it stopped.
class S3Source final : public ByteSource {
public:
    S3Source(s3::Client& client, Log& log, std::string key, ByteRange range, std::unique_ptr<client::HttpStream> stream)
        : client_(client), log_(log), key_(std::move(key)), left_(range), stream_(std::move(stream)) {}

    Task<Result<std::string_view>> next() override {
        while (left_.length > 0) {
            try {
                if (!stream_) stream_ = co_await client_.open(s3::get_object(key_, left_));
                co_await stream_->next(piece_);
                if (piece_.empty() || piece_.size() > left_.length) break;
                left_.offset += piece_.size();
                left_.length -= piece_.size();
                co_return std::string_view(piece_);
            } catch (client::TransferError const& broken) {
                log_.warning("s3.download_interrupted",
                             {{"key", key_}, {"left", left_.length}, {"error", broken.what()}});
                stream_.reset();
                if (++resumptions_ > max_resumptions) co_return Error(ErrorCode::unavailable);
            } catch (Unavailable const& failure) {
                log_.error("s3.download_failed", {{"key", key_}, {"error", failure.what()}});
                co_return Error(ErrorCode::unavailable);
            }
        }
        if (left_.length > 0) {
            log_.error("s3.download_length_mismatched", {{"key", key_}, {"left", left_.length}});
            co_return Error(ErrorCode::unavailable);
        }
        co_return std::string_view{};
    }

private:
    s3::Client& client_;
    Log& log_;
    std::string key_;
    ByteRange left_;
    std::unique_ptr<client::HttpStream> stream_;
    std::string piece_;
    int resumptions_ = 0;
};

s3::Address address_of(S3StoreOptions const& options) {
    bool const path_style = options.path_style.value_or(!options.endpoint.empty());
    return {options.endpoint, options.region, options.bucket, path_style};
}

class S3ObjectStore final : public ObjectStore {
public:
    S3ObjectStore(S3StoreOptions options, S3StoreDependencies tools)
        : options_(std::move(options)),
          tools_(tools),
          client_(tools.http, address_of(options_), tools.credentials, tools.clock, tools.log),
          direct_(make_s3_direct_uploads(context())),
          appendable_(make_s3_appendable_objects(context(), tools_.log)) {}

    std::string_view name() const noexcept override { return "s3"; }
    std::string_view bucket() const noexcept override { return options_.bucket; }

    Task<std::unique_ptr<ObjectWrite>> create(std::string_view) override { co_return make_s3_object_write(context()); }

    Task<std::optional<std::string>> read_at(std::string_view key, ByteRange range) override {
        auto const stream = co_await open(key, range);
        if (!stream) co_return std::nullopt;
        std::string bytes, piece;
        while (*stream) {
            co_await (*stream)->next(piece);
            if (piece.empty()) break;
            bytes += piece;
        }
        co_return bytes;
    }

    Task<std::optional<Body>> body(std::string_view key, ByteRange range, std::uint64_t object_size) override {
        auto stream = co_await open(key, range);
        if (!stream) co_return std::nullopt;
        if (!*stream && range.length == 0) co_return Body(std::string());
        if (!*stream || size_of_object((*stream)->head()).value_or(object_size) != object_size) {
            tools_.log.error("object.size_mismatched", {{"key", key}});
            co_return std::nullopt;
        }
        co_return Body(std::make_unique<S3Source>(client_, tools_.log, std::string(key), range, std::move(*stream)));
    }

    Task<std::optional<Body>> gather(std::string_view key, GatheredBytes bytes, std::uint64_t object_size) override {
        for (auto const& run : bytes.runs) require_within(run, object_size);
        if (bytes.runs.empty() && !bytes.lead) co_return Body(std::move(bytes.head));
        GatheredSource::OpenRange const open_range = [this, key = std::string(key), object_size](ByteRange range) {
            return body(key, range, object_size);
        };
        auto source = std::make_unique<GatheredSource>(std::move(bytes), open_range, tools_.log);
        bool const is_there = co_await source->open_first();
        if (!is_there) co_return std::nullopt;
        co_return Body(std::move(source));
    }

    std::optional<std::string> public_url(std::string_view key) const override {
        if (!options_.public_url.empty()) return options_.public_url + '/' + uri_encode(key, true);
        return client_.address().url(key);
    }

    Task<std::optional<std::string>> presign(std::string_view key, DirectAccess const& access) override {
        require_object_key(key);
        if (!options_.public_url.empty()) co_return public_url(key);
        s3::Call call{.operation = "GetObject", .key = std::string(key)};
        if (!access.media_type.empty()) call.query.emplace_back("response-content-type", access.media_type);
        if (!access.disposition.empty()) call.query.emplace_back("response-content-disposition", access.disposition);
        co_return co_await client_.presign(std::move(call), access.expires);
    }

    AppendableObjects& appendable() override { return *appendable_; }

    DirectUploads* direct_uploads() noexcept override { return direct_.get(); }

    Task<std::optional<ObjectStat>> stat(std::string_view key) override {
        require_object_key(key);
        auto const answer = co_await unless_missing(s3::head_object(key));
        if (!answer) co_return std::nullopt;
        ObjectStat found;
        auto const length = answer->head.find("content-length");
        std::from_chars(length.data(), length.data() + length.size(), found.size);
        found.modified_at = parse_http_date(answer->head.find("last-modified")).value_or(client_.clock().now());
        co_return found;
    }

    Task<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) override {
        std::vector<std::string> keys;
        std::string behind(after);
        while (keys.size() < limit) {
            auto const answer = co_await client_.call(s3::list_objects(prefix, behind, page_of_keys));
            auto page = s3::parse_objects(answer.body);
            if (!page) throw s3::Failure("S3 ListObjectsV2: the answer is not a list", answer.head.status, "");
            for (auto& key : page->keys) {
                behind = key;
                // Others may store things in the bucket too.
                if (is_object_key(key) && keys.size() < limit) keys.push_back(std::move(key));
            }
            if (!page->is_truncated || page->keys.empty()) break;
        }
        co_return keys;
    }

    Task<bool> copy(std::string_view from, std::string_view to) override {
        require_object_key(to);
        auto const found = co_await stat(from);
        if (!found) co_return false;
        auto const shared = context();
        co_await s3_copy(shared, from, to, found->size);
        co_return true;
    }

    Task<> remove(std::string_view key) override {
        require_object_key(key);
        auto call = s3::delete_object(key);
        co_await unless_missing(std::move(call));
    }

    /// There are none without a row: the row of an upload stays until its parts are gone. The uploads of others, even
    /// those that look like ours, are not touched.
    Task<std::vector<UncommittedBytes>> list_uncommitted() override { co_return std::vector<UncommittedBytes>(); }

    /// Only the lease of the upload shows that.
    Task<bool> is_being_written(std::string_view) override { co_return false; }

    Task<bool> remove_uncommitted(std::string_view write_id) override {
        if (!is_write_id(write_id)) throw std::invalid_argument("not a write id");
        bool found = false;
        for (auto const& folder : object_folders) {
            auto const answer =
                co_await client_.call(s3::list_multipart_uploads(std::string(folder) + std::string(write_id)));
            auto const uploads = s3::parse_uploads(answer.body);
            if (!uploads)
                throw s3::Failure("S3 ListMultipartUploads: the answer is not a list", answer.head.status, "");
            for (auto const& upload : *uploads) {
                co_await unless_missing(s3::abort_multipart_upload(upload.key, upload.upload_id));
                found = true;
            }
        }
        co_return found;
    }

    Task<std::optional<std::uint64_t>> free_space() override { co_return std::nullopt; }

    Task<Result<void>> check() override {
        auto call = s3::head_bucket();
        co_await client_.call(std::move(call));
        co_return Result<void>{};
    }

private:
    S3WriteContext context() { return {client_, tools_.memory, tools_.pool, options_}; }

    /// Empty when there is no such object; null when the range has no bytes.
    Task<std::optional<std::unique_ptr<client::HttpStream>>> open(std::string_view key, ByteRange range) {
        require_object_key(key);
        if (range.length == 0) {
            auto const found = co_await stat(key);
            if (!found) co_return std::nullopt;
            co_return std::unique_ptr<client::HttpStream>();
        }
        std::optional<s3::Failure> failure;
        try {
            co_return co_await client_.open(s3::get_object(key, range));
        } catch (s3::Failure const& refused) {
            failure = refused;
        }
        if (failure->code() == "NoSuchKey") co_return std::nullopt;
        if (failure->code() == "InvalidRange") co_return std::unique_ptr<client::HttpStream>();
        throw s3::Failure(*failure);
    }

    /// The answer; empty when the object or the upload does not exist. A bucket that does not exist is a failure.
    Task<std::optional<client::HttpAnswer>> unless_missing(s3::Call call) {
        std::optional<s3::Failure> failure;
        bool const is_head = call.method == "HEAD";
        try {
            co_return co_await client_.call(std::move(call));
        } catch (s3::Failure const& refused) {
            failure = refused;
        }
        if (failure->status() != 404) throw s3::Failure(*failure);
        bool const is_named = failure->code() == "NoSuchKey" || failure->code() == "NoSuchUpload";
        if (!is_named && !is_head) throw s3::Failure(*failure);
        // The answer to a HEAD does not state what is missing.
        if (is_head) co_await client_.call(s3::head_bucket());
        co_return std::nullopt;
    }

    S3StoreOptions options_;
    S3StoreDependencies tools_;
    s3::Client client_;
    std::unique_ptr<DirectUploads> direct_;
    std::unique_ptr<AppendableObjects> appendable_;
};

}  // namespace

std::unique_ptr<ObjectStore> make_s3_object_store(S3StoreOptions options, S3StoreDependencies tools) {
    return std::make_unique<S3ObjectStore>(std::move(options), tools);
}

}  // namespace clinikk
