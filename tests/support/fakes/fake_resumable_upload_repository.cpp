#include <algorithm>

#include "support/fakes/fake_table.hpp"

namespace clinikk::testing {
namespace {

bool is_held(Tables const& tables, Uuid id, std::string_view holder) {
    auto const write = tables.uploads.find(id);
    return write != tables.uploads.end() && write->second.holder == holder && tables.resumable_uploads.contains(id);
}

void forget_texts(ResumableUpload& upload) {
    upload.description.clear();
    upload.metadata.clear();
    upload.concat_field.clear();
    upload.pieces.clear();
}

bool is_piece(ResumableUpload const& upload) {
    return upload.state == ResumableState::done && upload.concat == UploadConcat::partial;
}

void give_up(ResumableUpload& upload, Timestamp kept_until) {
    upload.state = ResumableState::cancelled;
    upload.expires_at = kept_until;
    forget_texts(upload);
}

void expire(Upload& held, Timestamp at) {
    held.holder.clear();
    held.lease_until = held.expires_at = at;
}

class FakeResumableUploads final : public ResumableUploadRepository, Repository {
public:
    using Repository::Repository;

    Task<> insert(ResumableUpload const& upload) override {
        return write("resumable_uploads.insert", [upload](Tables& tables) {
            require(!tables.resumable_uploads.contains(upload.id), "resumable_uploads_pkey");
            require_owner(tables, upload.owner_id);
            tables.resumable_uploads.emplace(upload.id, upload);
        });
    }

    Task<std::optional<ResumableUpload>> find(Uuid id) override {
        return read("resumable_uploads.find",
                    [id](Tables const& tables) { return find_row(tables.resumable_uploads, id); });
    }

    Task<bool> save(ResumableUpload const& told, std::string_view holder) override {
        return write("resumable_uploads.save", [told, holder = std::string(holder)](Tables& tables) {
            if (!is_held(tables, told.id, holder)) return false;
            auto& held = tables.uploads.at(told.id);
            held.offset = told.offset;
            held.length = told.length;
            held.expires_at = told.expires_at;
            auto& upload = tables.resumable_uploads.at(told.id);
            upload.offset = told.offset;
            upload.length = told.length;
            upload.is_complete = told.is_complete;
            upload.progress = told.progress;
            upload.expires_at = told.expires_at;
            return true;
        });
    }

    Task<bool> end(ResumableUpload const& told, std::string_view holder) override {
        return write("resumable_uploads.end", [told, holder = std::string(holder)](Tables& tables) {
            if (!is_held(tables, told.id, holder)) return false;
            auto& upload = tables.resumable_uploads.at(told.id);
            upload.state = told.state;
            upload.outcome = told.outcome;
            if (told.state != ResumableState::done) forget_texts(upload);
            upload.progress = told.progress;
            upload.expires_at = told.expires_at;
            return true;
        });
    }

    Task<> cancel_owned(Uuid owner_id, Timestamp at, Timestamp kept_until) override {
        return write("resumable_uploads.cancel_owned", [owner_id, at, kept_until](Tables& tables) {
            for (auto& [id, held] : tables.uploads) {
                if (held.owner_id == owner_id && held.method == UploadMethod::resumable) expire(held, at);
            }
            for (auto& [id, upload] : tables.resumable_uploads) {
                bool const goes = upload.state == ResumableState::open || is_piece(upload);
                if (upload.owner_id != owner_id || !goes) continue;
                if (auto const held = tables.uploads.find(id); held != tables.uploads.end()) expire(held->second, at);
                give_up(upload, kept_until);
            }
        });
    }

    Task<> abandon(Uuid id, Timestamp at, Timestamp kept_until) override {
        return write("resumable_uploads.abandon", [id, at, kept_until](Tables& tables) {
            auto const row = tables.resumable_uploads.find(id);
            if (row == tables.resumable_uploads.end() || row->second.state != ResumableState::open) return;
            give_up(row->second, kept_until);
            if (auto const held = tables.uploads.find(id); held != tables.uploads.end()) expire(held->second, at);
        });
    }

    Task<> hand_over_piece(Uuid id, Timestamp until) override {
        return write("resumable_uploads.hand_over_piece", [id, until](Tables& tables) {
            auto const row = tables.resumable_uploads.find(id);
            if (row == tables.resumable_uploads.end() || !is_piece(row->second)) return;
            row->second.expires_at = until;
            auto const held = tables.uploads.find(id);
            if (held == tables.uploads.end() || !held->second.holder.empty()) return;
            held->second.owner_id.reset();
            held->second.lease_until = held->second.expires_at = until;
        });
    }

    Task<std::vector<ResumableUpload>> list_open(Uuid owner_id, std::optional<Uuid> before,
                                                 std::size_t limit) override {
        return read("resumable_uploads.list_open", [owner_id, before, limit](Tables const& tables) {
            std::vector<ResumableUpload> found;
            auto const& rows = tables.resumable_uploads;
            for (auto row = rows.rbegin(); row != rows.rend() && found.size() < limit; ++row) {
                auto const& upload = row->second;
                bool const is_theirs = upload.owner_id == owner_id && upload.state == ResumableState::open;
                if (is_theirs && (!before || upload.id < *before)) found.push_back(upload);
            }
            return found;
        });
    }

    Task<std::vector<ResumableUpload>> list_unfinished(Timestamp at, Uuid after, std::size_t limit) override {
        return read("resumable_uploads.list_unfinished", [at, after, limit](Tables const& tables) {
            std::vector<ResumableUpload> found;
            for (auto const& [id, upload] : tables.resumable_uploads) {
                auto const held = tables.uploads.find(id);
                bool const is_unfinished = upload.state == ResumableState::open && upload.is_complete && id > after;
                if (!is_unfinished || held == tables.uploads.end()) continue;
                bool const is_free = held->second.holder.empty() || held->second.lease_until < at;
                if (is_free && held->second.expires_at >= at && found.size() < limit) found.push_back(upload);
            }
            return found;
        });
    }

    Task<bool> forget(Uuid id) override {
        return write("resumable_uploads.forget", [id](Tables& tables) {
            auto const row = tables.resumable_uploads.find(id);
            bool const is_there = row != tables.resumable_uploads.end() && row->second.state != ResumableState::open &&
                                  !tables.uploads.contains(id);
            if (is_there) tables.resumable_uploads.erase(row);
            return is_there;
        });
    }

    Task<std::uint64_t> remove_ended(Timestamp at, std::size_t limit) override {
        return write("resumable_uploads.remove_ended", [at, limit](Tables& tables) -> std::uint64_t {
            std::uint64_t removed = 0;
            return std::erase_if(tables.resumable_uploads, [&](auto const& row) {
                return row.second.state != ResumableState::open && row.second.expires_at <= at &&
                       !tables.uploads.contains(row.first) && removed++ < limit;
            });
        });
    }
};

}  // namespace

std::unique_ptr<ResumableUploadRepository> make_fake_resumable_upload_repository(TableAccess const& access,
                                                                                 Calls& calls) {
    return std::make_unique<FakeResumableUploads>(access, calls);
}

}  // namespace clinikk::testing
