#include "support/fakes/fake_direct_uploads.hpp"

#include "base/uuid.hpp"
#include "domain/object_key.hpp"

namespace clinikk::testing {
namespace {

std::string etag_of(std::string const& bytes) {
    return '"' + std::to_string(std::hash<std::string>()(bytes)) + '-' + std::to_string(bytes.size()) + '"';
}

class FakeDirectUploads final : public DirectUploads {
public:
    FakeDirectUploads(FakeStorage& storage, Clock& clock, Calls& calls)
        : storage_(storage), clock_(clock), calls_(calls) {}

    Task<DirectUploadHandle> begin(ObjectLabel const& label) override {
        return calls_.make("direct.begin", [this, label] {
            require_object_key(label.key);
            DirectUploadHandle upload{label.key, new_uuid().to_string()};
            storage_.direct.emplace(upload.upload_id, FakeStorage::DirectUpload{label, clock_.now()});
            return upload;
        });
    }

    Task<PartAddresses> addresses(DirectUploadHandle const& upload, std::span<PartSlot const> parts,
                                  std::chrono::seconds expires) override {
        return calls_.make("direct.addresses", [this, upload, parts, expires] {
            PartAddresses addresses;
            addresses.expires_at = clock_.now() + expires;
            auto const url = "https://bucket.example.org/" + upload.key + "?uploadId=" + upload.upload_id;
            for (auto const& [number, size] : parts) {
                addresses.parts.push_back({number, size, url + "&partNumber=" + std::to_string(number)});
            }
            return addresses;
        });
    }

    Task<std::optional<std::vector<StoredPart>>> list_parts(DirectUploadHandle const& upload) override {
        return calls_.make("direct.list_parts", [this, upload]() -> std::optional<std::vector<StoredPart>> {
            auto const found = storage_.direct.find(upload.upload_id);
            if (found == storage_.direct.end()) return std::nullopt;
            std::vector<StoredPart> parts;
            for (auto const& [number, bytes] : found->second.parts) {
                parts.push_back({number, bytes.size(), etag_of(bytes)});
            }
            return parts;
        });
    }

    Task<Result<void>> complete(DirectUploadHandle const& upload, std::vector<StoredPart> const& parts,
                                std::uint64_t size) override {
        return calls_.make("direct.complete",
                           [this, upload, parts, size] { return put_together(upload, parts, size); });
    }

    Task<> abort(DirectUploadHandle const& upload) override {
        return calls_.make("direct.abort", [this, upload] { storage_.direct.erase(upload.upload_id); });
    }

private:
    Result<void> put_together(DirectUploadHandle const& upload, std::vector<StoredPart> const& parts,
                              std::uint64_t size) {
        auto const found = storage_.direct.find(upload.upload_id);
        if (found == storage_.direct.end()) {
            auto const object = storage_.objects.find(upload.key);
            bool const is_there = object != storage_.objects.end() && object->second.bytes.size() == size;
            return is_there ? Result<void>{} : Error(ErrorCode::upload_not_found);
        }
        auto const& [label, begun_at, stored] = found->second;
        std::string bytes;
        for (auto const& part : parts) {
            auto const there = stored.find(part.number);
            bool const is_same = there != stored.end() && etag_of(there->second) == part.etag;
            if (!is_same) return Error(ErrorCode::parts_mismatch);
            bytes += there->second;
        }
        FakeStorage::Stored object{std::move(bytes), begun_at, label};
        storage_.objects.insert_or_assign(label.key, std::move(object));
        storage_.direct.erase(found);
        return {};
    }

    FakeStorage& storage_;
    Clock& clock_;
    Calls& calls_;
};

}  // namespace

std::string FakeStorage::put_part(DirectUploadHandle const& upload, int number, std::string bytes) {
    auto etag = etag_of(bytes);
    direct.at(upload.upload_id).parts.insert_or_assign(number, std::move(bytes));
    return etag;
}

std::unique_ptr<DirectUploads> make_fake_direct_uploads(FakeStorage& storage, Clock& clock, Calls& calls) {
    return std::make_unique<FakeDirectUploads>(storage, clock, calls);
}

}  // namespace clinikk::testing
