#include <algorithm>

#include "support/fakes/fake_table.hpp"

namespace clinikk::testing {
namespace {

class FakeUploads final : public UploadRepository, Repository {
public:
    using Repository::Repository;

    Task<> insert(Upload const& upload) override {
        return write("uploads.insert", [upload](Tables& tables) {
            require(!tables.uploads.contains(upload.id), "uploads_pkey");
            require_owner(tables, upload.owner_id);
            tables.uploads.emplace(upload.id, upload);
        });
    }

    Task<bool> renew(Uuid id, std::string_view holder, std::int64_t offset, Timestamp lease_until) override {
        return change_held("uploads.renew", id, holder, [offset, lease_until](Upload& upload) {
            upload.offset = offset;
            upload.lease_until = lease_until;
        });
    }

    Task<bool> start_commit(Uuid id, std::string_view holder, std::string_view object_key,
                            Timestamp lease_until) override {
        return change_held("uploads.start_commit", id, holder, [object_key, lease_until](Upload& upload) {
            upload.state = UploadState::committing;
            upload.object_key = object_key;
            upload.lease_until = lease_until;
        });
    }

    Task<bool> take_over(Uuid id, std::string_view holder, Timestamp at, Timestamp lease_until) override {
        auto const has_expired = [id, at](Upload const& upload) { return upload.id == id && upload.lease_until < at; };
        return change_where("uploads.take_over", has_expired, [holder, lease_until](Upload& upload) {
            upload.holder = holder;
            upload.lease_until = lease_until;
        });
    }

    Task<bool> hand_over(Upload const& told, std::string_view holder) override {
        return change_held("uploads.hand_over", told.id, holder, [told](Upload& upload) {
            upload.holder.clear();
            upload.state = UploadState::receiving;
            upload.object_key = told.object_key;
            upload.s3_upload_id = told.s3_upload_id;
            upload.lease_until = told.expires_at;
            upload.expires_at = told.expires_at;
        });
    }

    Task<bool> claim(Uuid id, std::string_view holder, Timestamp at, Timestamp lease_until) override {
        auto const is_free = [id, at](Upload const& upload) {
            return upload.id == id && upload.method == UploadMethod::direct && upload.expires_at >= at &&
                   (upload.holder.empty() || upload.lease_until < at);
        };
        return change_where("uploads.claim", is_free, [holder, lease_until](Upload& upload) {
            upload.holder = holder;
            upload.state = UploadState::committing;
            upload.lease_until = lease_until;
        });
    }

    Task<bool> claim_resumable(Uuid id, std::string_view holder, Timestamp at, Timestamp lease_until) override {
        auto const is_free = [id, at](Upload const& upload) {
            return upload.id == id && upload.method == UploadMethod::resumable && upload.expires_at >= at &&
                   (upload.holder.empty() || upload.lease_until < at);
        };
        return change_where("uploads.claim_resumable", is_free,
                            [holder = std::string(holder), lease_until](Upload& upload) {
                                upload.holder = holder;
                                upload.lease_until = lease_until;
                            });
    }

    Task<bool> release_resumable(Uuid id, std::string_view holder, Timestamp expires_at) override {
        auto const is_held = [id, holder = std::string(holder)](Upload const& upload) {
            return upload.id == id && upload.method == UploadMethod::resumable && upload.holder == holder;
        };
        return change_where("uploads.release_resumable", is_held, [expires_at](Upload& upload) {
            upload.holder.clear();
            upload.state = UploadState::receiving;
            upload.lease_until = upload.expires_at = expires_at;
        });
    }

    Task<bool> finish(Uuid id, std::string_view holder) override {
        return write("uploads.finish", [id, holder](Tables& tables) {
            return std::erase_if(tables.uploads,
                                 [&](auto const& row) { return row.first == id && row.second.holder == holder; }) > 0;
        });
    }

    Task<std::optional<Upload>> find(Uuid id) override {
        return read("uploads.find", [id](Tables const& tables) { return find_row(tables.uploads, id); });
    }

    Task<bool> is_writing(std::string_view object_key, Uuid object_id) override {
        return read("uploads.is_writing", [object_key, object_id](Tables const& tables) {
            return std::ranges::any_of(tables.uploads, [&](auto const& row) {
                auto const& upload = row.second;
                return upload.id == object_id || upload.object_id == object_id || upload.object_key == object_key;
            });
        });
    }

    Task<UploadsInFlight> in_flight(Uuid owner_id, Timestamp at) override {
        return read("uploads.in_flight", [owner_id, at](Tables const& tables) {
            UploadsInFlight sum;
            for (auto const& [id, upload] : tables.uploads) {
                bool const is_kept = upload.method == UploadMethod::resumable && upload.expires_at > at;
                if (upload.owner_id != owner_id || (upload.lease_until <= at && !is_kept)) continue;
                ++sum.count;
                sum.bytes += std::max(upload.offset, upload.length.value_or(0));
            }
            return sum;
        });
    }

    Task<std::vector<Upload>> list_abandoned(Timestamp before, std::size_t limit) override {
        return read("uploads.list_abandoned", [before, limit](Tables const& tables) {
            std::vector<Upload> found;
            for (auto const& [id, upload] : tables.uploads) {
                if (upload.lease_until < before) found.push_back(upload);
            }
            std::ranges::sort(found, {}, [](Upload const& upload) { return std::pair(upload.lease_until, upload.id); });
            found.resize(std::min(found.size(), limit));
            return found;
        });
    }

private:
    template <class Filter, class Change>
    Task<bool> change_where(std::string_view name, Filter filter, Change change) {
        return write(name, [filter, change](Tables& tables) {
            bool found = false;
            for (auto& [id, upload] : tables.uploads) {
                if (!filter(upload)) continue;
                change(upload);
                found = true;
            }
            return found;
        });
    }

    template <class Change>
    Task<bool> change_held(std::string_view name, Uuid id, std::string_view holder, Change change) {
        auto const is_held = [id, holder](Upload const& upload) { return upload.id == id && upload.holder == holder; };
        return change_where(name, is_held, change);
    }
};

}  // namespace

std::unique_ptr<UploadRepository> make_fake_upload_repository(TableAccess const& access, Calls& calls) {
    return std::make_unique<FakeUploads>(access, calls);
}

}  // namespace clinikk::testing
