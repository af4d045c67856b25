#include "support/fakes/fake_appendable_objects.hpp"

#include <utility>

namespace clinikk::testing {
namespace {

/// What the store tells of an object that has bytes.
constexpr std::string_view some_progress = "some";

class FakeAppend final : public ObjectAppend {
public:
    FakeAppend(FakeStorage& storage, Calls& calls, std::string id, std::shared_ptr<Sha256> hash)
        : storage_(storage), calls_(calls), id_(std::move(id)), hash_(std::move(hash)) {
        storage_.appended[id_].is_open = true;
    }
    FakeAppend(FakeAppend const&) = delete;
    FakeAppend& operator=(FakeAppend const&) = delete;
    ~FakeAppend() override {
        auto const place = storage_.appended.find(id_);
        if (place != storage_.appended.end()) place->second.is_open = false;
    }

    Task<Result<void>> write(std::string_view bytes) override {
        return calls_.make("store.append", [this, bytes]() -> Result<void> {
            written_ += bytes;
            if (hash_) hash_->update(bytes);
            return {};
        });
    }

    Task<Result<AppendState>> save(bool) override {
        return calls_.make("store.save", [this]() -> Result<AppendState> {
            auto const place = storage_.appended.find(id_);
            if (place == storage_.appended.end()) return Error(ErrorCode::upload_lost);
            auto& appended = place->second;
            appended.bytes += std::exchange(written_, {});
            appended.progress = some_progress;
            return AppendState{appended.bytes.size(), appended.progress};
        });
    }

    Task<> settle() override {
        return calls_.make("store.settle", [] {});
    }

    Task<> discard() override {
        return calls_.make("store.discard_append", [this] { written_.clear(); });
    }

private:
    FakeStorage& storage_;
    Calls& calls_;
    std::string id_;
    std::shared_ptr<Sha256> hash_;
    std::string written_;  ///< and not saved
};

class FakeAppendableObjects final : public AppendableObjects {
public:
    FakeAppendableObjects(FakeStorage& storage, Clock& clock, Calls& calls)
        : storage_(storage), clock_(clock), calls_(calls) {}

    Task<Result<std::unique_ptr<ObjectAppend>>> open(std::string_view write_id, AppendState state,
                                                     std::optional<std::uint64_t>, std::uint64_t,
                                                     std::shared_ptr<Sha256> hash) override {
        using Opened = Result<std::unique_ptr<ObjectAppend>>;
        return calls_.make("store.open_append",
                           [this, id = std::string(write_id), size = state.size, hash]() -> Opened {
                               auto& appended = storage_.appended[id];
                               if (appended.is_open) return Error(ErrorCode::upload_locked);
                               if (appended.bytes.size() < size) return Error(ErrorCode::upload_lost);
                               appended.bytes.resize(size);
                               return std::make_unique<FakeAppend>(storage_, calls_, id, hash);
                           });
    }

    Task<Result<void>> complete(std::string_view write_id, AppendState const& state) override {
        return calls_.make("store.complete_append",
                           [this, id = std::string(write_id), size = state.size]() -> Result<void> {
                               auto const key = "objects/" + id;
                               auto const there = storage_.objects.find(key);
                               if (there != storage_.objects.end() && there->second.bytes.size() == size) return {};
                               auto const bytes = find_bytes(id, size);
                               if (!bytes) return Error(ErrorCode::upload_lost);
                               storage_.objects[key] = {*bytes, clock_.now(), {}};
                               storage_.appended.erase(id);
                               return {};
                           });
    }

    Task<Result<AppendState>> concatenate(std::string_view write_id, std::span<Piece const> pieces,
                                          std::uint64_t) override {
        std::vector<Piece> const parts(pieces.begin(), pieces.end());
        return calls_.make("store.concatenate", [this, id = std::string(write_id), parts]() -> Result<AppendState> {
            std::string joined;
            for (auto const& part : parts) {
                auto const bytes = find_bytes(part.write_id, part.state.size);
                if (!bytes) return Error(ErrorCode::upload_lost);
                joined += *bytes;
            }
            auto const size = joined.size();
            storage_.appended[id] = {std::move(joined), std::string(some_progress)};
            return AppendState{size, std::string(some_progress)};
        });
    }

    /// As in a bucket, a progress that was never recorded is found by the id.
    Task<> remove(std::string_view write_id, AppendState const& state) override {
        return calls_.make("store.remove_appended", [this, id = std::string(write_id), progress = state.progress] {
            auto const place = storage_.appended.find(id);
            bool const is_it =
                place != storage_.appended.end() && (place->second.progress == progress || progress.empty());
            if (is_it) storage_.appended.erase(place);
            storage_.objects.erase("objects/" + id);
        });
    }

private:
    std::optional<std::string> find_bytes(std::string const& id, std::uint64_t size) const {
        auto const place = storage_.appended.find(id);
        if (place == storage_.appended.end() || place->second.bytes.size() < size) return std::nullopt;
        return place->second.bytes.substr(0, size);
    }

    FakeStorage& storage_;
    Clock& clock_;
    Calls& calls_;
};

}  // namespace

std::unique_ptr<AppendableObjects> make_fake_appendable_objects(FakeStorage& storage, Clock& clock, Calls& calls) {
    return std::make_unique<FakeAppendableObjects>(storage, clock, calls);
}

}  // namespace clinikk::testing
