#include "storage/s3_direct_uploads.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "domain/object_key.hpp"
#include "storage/s3_answers.hpp"
#include "storage/s3_parts.hpp"

namespace clinikk {
namespace {

/// Returns whether CompleteMultipartUpload was refused because of the parts of the client: a part has another ETag now,
/// is missing, is too small, or is in the wrong place.
bool is_mismatch(s3::Failure const& refused) {
    constexpr std::array<std::string_view, 3> codes{"InvalidPart", "InvalidPartOrder", "EntityTooSmall"};
    return std::ranges::find(codes, refused.code()) != codes.end();
}

class S3DirectUploads final : public DirectUploads {
public:
    explicit S3DirectUploads(S3WriteContext const& context) : context_(context) {}

    Task<DirectUploadHandle> begin(ObjectLabel const& label) override {
        require_object_key(label.key);
        auto begun = co_await s3_begin_multipart(client(), label);
        co_return DirectUploadHandle{std::move(begun.key), std::move(begun.upload_id)};
    }

    Task<PartAddresses> addresses(DirectUploadHandle const& upload, std::span<PartSlot const> parts,
                                  std::chrono::seconds expires) override {
        auto const credentials = co_await client().credentials();
        auto const at = client().clock().now();
        if (credentials.expires_at) {
            auto const left = std::chrono::floor<std::chrono::seconds>(*credentials.expires_at - at);
            expires = std::clamp(left, std::chrono::seconds(1), expires);
        }
        PartAddresses addresses;
        addresses.expires_at = at + expires;
        for (auto const& [number, size] : parts) {
            auto const call = s3::upload_part_of_size(upload.key, upload.upload_id, number, size);
            addresses.parts.push_back({number, size, client().address().presign(call, credentials, at, expires)});
        }
        co_return addresses;
    }

    Task<std::optional<std::vector<StoredPart>>> list_parts(DirectUploadHandle const& upload) override {
        std::vector<StoredPart> parts;
        std::optional<int> after = 0;
        while (after) {
            auto const page = co_await page_of_parts(upload, *after);
            if (!page) co_return std::nullopt;
            parts.insert(parts.end(), page->parts.begin(), page->parts.end());
            // A page that leads nowhere would be requested again and again.
            if (page->next && *page->next <= *after) throw nonsense(upload);
            after = page->next;
        }
        std::ranges::sort(parts, {}, &StoredPart::number);
        co_return parts;
    }

    Task<Result<void>> complete(DirectUploadHandle const& upload, std::vector<StoredPart> const& parts,
                                std::uint64_t size) override {
        std::vector<s3::UploadedPart> uploaded;
        for (auto const& part : parts) uploaded.push_back({part.number, part.size, part.etag});
        std::optional<s3::Failure> failure;
        try {
            co_await s3_complete(client(), upload.key, upload.upload_id, std::move(uploaded), size);
            co_return Result<void>{};
        } catch (s3::Failure const& refused) {
            failure = refused;
        }
        if (is_mismatch(*failure)) {
            co_return Error(ErrorCode::parts_mismatch,
                            "A part was overwritten in the bucket while the upload was being completed");
        }
        // RADOS Gateway may report an internal error when the upload is gone; the list of its parts tells.
        bool const is_gone = failure->status() != 0 && !co_await list_parts(upload);
        if (is_gone) co_return Error(ErrorCode::upload_not_found);
        throw s3::Failure(*failure);
    }

    Task<> abort(DirectUploadHandle const& upload) override {
        MultipartUpload const begun{upload.key, upload.upload_id};
        co_await s3_abort_multipart(client(), begun);
    }

private:
    s3::Client& client() const noexcept { return context_.client; }

    static s3::Failure nonsense(DirectUploadHandle const& upload) {
        return {"S3 ListParts " + upload.key + ": the answer is not a list", 200, ""};
    }

    Task<std::optional<s3::ListedParts>> page_of_parts(DirectUploadHandle const& upload, int after) {
        try {
            auto const answer = co_await client().call(s3::list_parts(upload.key, upload.upload_id, after));
            auto page = s3::parse_parts(answer.body);
            if (!page) throw nonsense(upload);
            co_return page;
        } catch (s3::Failure const& refused) {
            if (!s3::is_lost_upload(refused)) throw;
            co_return std::nullopt;
        }
    }

    S3WriteContext context_;
};

}  // namespace

std::unique_ptr<DirectUploads> make_s3_direct_uploads(S3WriteContext const& context) {
    return std::make_unique<S3DirectUploads>(context);
}

}  // namespace clinikk
