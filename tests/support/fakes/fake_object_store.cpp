#include "support/fakes/fake_object_store.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "domain/object_key.hpp"
#include "support/fakes/fake_appendable_objects.hpp"
#include "support/fakes/fake_direct_uploads.hpp"

namespace clinikk::testing {
namespace {

constexpr std::size_t piece_bytes = 64UL * 1024;

/// Bytes of an object, piece by piece.
class FakeSource final : public ByteSource {
public:
    FakeSource(std::string bytes, Calls& calls) : bytes_(std::move(bytes)), calls_(calls) {}

    Task<Result<std::string_view>> next() override {
        return calls_.make("store.next", [this]() -> Result<std::string_view> {
            auto const piece = std::string_view(bytes_).substr(offset_, piece_bytes);
            offset_ += piece.size();
            return piece;
        });
    }

private:
    std::string bytes_;
    Calls& calls_;
    std::size_t offset_ = 0;
};

class FakeObjectWrite final : public ObjectWrite {
public:
    FakeObjectWrite(FakeStorage& storage, Clock& clock, Calls& calls, std::string id)
        : storage_(storage), clock_(clock), calls_(calls), id_(std::move(id)) {}
    FakeObjectWrite(FakeObjectWrite const&) = delete;
    FakeObjectWrite& operator=(FakeObjectWrite const&) = delete;

    /// A process that died left its bytes; a bucket keeps them in any case.
    ~FakeObjectWrite() override {
        auto const place = storage_.uncommitted.find(id_);
        if (place == storage_.uncommitted.end() || is_over_) return;
        place->second.is_locked = false;
        if (storage_.kind == FakeStorage::Kind::disk && !calls_.is_dead()) storage_.uncommitted.erase(place);
    }

    void set_labeller(Labeller labeller) override { labeller_ = std::move(labeller); }

    Task<Result<StoredBytes>> write(ByteSource& source, std::uint64_t max_size) override {
        Sha256 hash;
        StoredBytes stored;
        while (true) {
            auto const piece = co_await source.next();
            if (!piece) co_return piece.error();
            if (piece->empty()) break;
            if (piece->size() > max_size - stored.size) co_return Error(ErrorCode::upload_too_large);
            auto const append = [&] { take(*piece); };
            co_await calls_.make("store.append", append);
            hash.update(*piece);
            stored.size += piece->size();
        }
        stored.sha256 = hash.finish();
        is_whole_ = true;
        co_return stored;
    }

    Task<> commit(std::string_view key) override {
        return calls_.make("store.commit", [this, key] {
            require_object_key(key);
            if (!is_whole_) throw std::logic_error("half an object is committed");
            if (!std::exchange(is_begun_, true)) begin_in_bucket();
            auto& [bytes, begun_at, written_at, is_locked] = find_or_throw();
            bool const is_disk = storage_.kind == FakeStorage::Kind::disk;
            if (is_disk && storage_.objects.contains(key)) throw Unavailable("EEXIST " + std::string(key));
            FakeStorage::Stored object{std::move(bytes), is_disk ? clock_.now() : begun_at, {}};
            if (labeller_) object.label = labeller_();
            storage_.objects.insert_or_assign(std::string(key), std::move(object));
            storage_.uncommitted.erase(id_);
            is_over_ = true;
        });
    }

    Task<> discard() override {
        return calls_.make("store.discard", [this] {
            if (!is_over_) storage_.uncommitted.erase(id_);
            is_over_ = true;
        });
    }

private:
    void take(std::string_view piece) {
        if (!std::exchange(is_begun_, true)) begin_in_bucket();
        auto& uncommitted = find_or_throw();
        uncommitted.bytes += piece;
        uncommitted.written_at = clock_.now();
    }

    /// A bucket is told of a write when there are bytes; a disk has a file from the beginning.
    void begin_in_bucket() {
        if (storage_.kind == FakeStorage::Kind::disk) return;
        FakeStorage::Uncommitted begun{{}, clock_.now(), clock_.now()};
        storage_.uncommitted.insert_or_assign(id_, std::move(begun));
    }

    /// A collector may have removed the bytes where nobody can tell that the write is alive.
    FakeStorage::Uncommitted& find_or_throw() {
        auto const place = storage_.uncommitted.find(id_);
        if (place == storage_.uncommitted.end()) throw Unavailable("NoSuchUpload " + id_);
        return place->second;
    }

    FakeStorage& storage_;
    Clock& clock_;
    Calls& calls_;
    std::string id_;
    Labeller labeller_;
    bool is_begun_ = false;
    bool is_whole_ = false;
    bool is_over_ = false;
};

void require_write_id(std::string_view id) {
    if (!is_write_id(id)) throw std::invalid_argument("not a write id");
}

}  // namespace

FakeObjectStore::FakeObjectStore(FakeStorage& storage, Clock& clock, Calls& calls)
    : storage_(storage),
      clock_(clock),
      calls_(calls),
      appendable_(make_fake_appendable_objects(storage, clock, calls)) {
    if (!is_disk()) direct_ = make_fake_direct_uploads(storage, clock, calls);
}

FakeObjectStore::~FakeObjectStore() = default;

std::string_view FakeObjectStore::name() const noexcept { return is_disk() ? "local" : "s3"; }

std::string_view FakeObjectStore::bucket() const noexcept { return is_disk() ? "" : "media"; }

FakeStorage::Stored const* FakeObjectStore::find(std::string_view key) const {
    require_object_key(key);
    auto const found = storage_.objects.find(key);
    return found == storage_.objects.end() ? nullptr : &found->second;
}

Task<std::unique_ptr<ObjectWrite>> FakeObjectStore::create(std::string_view write_id) {
    return calls_.make("store.create", [this, write_id]() -> std::unique_ptr<ObjectWrite> {
        require_write_id(write_id);
        if (is_disk()) {
            FakeStorage::Uncommitted begun{{}, clock_.now(), clock_.now()};
            bool const is_new = storage_.uncommitted.try_emplace(std::string(write_id), std::move(begun)).second;
            if (!is_new) throw Unavailable("EEXIST " + std::string(write_id));
        }
        return std::make_unique<FakeObjectWrite>(storage_, clock_, calls_, std::string(write_id));
    });
}

Task<std::optional<std::string>> FakeObjectStore::read_at(std::string_view key, ByteRange range) {
    return calls_.make("store.read_at", [this, key, range]() -> std::optional<std::string> {
        auto const* const object = find(key);
        if (object == nullptr) return std::nullopt;
        auto const offset = std::min<std::uint64_t>(range.offset, object->bytes.size());
        return object->bytes.substr(offset, range.length);
    });
}

Task<std::optional<Body>> FakeObjectStore::body(std::string_view key, ByteRange range, std::uint64_t object_size) {
    return calls_.make("store.body", [this, key, range, object_size]() -> std::optional<Body> {
        if (range.offset > object_size || range.length > object_size - range.offset) {
            throw std::out_of_range("a range that is not in its object");
        }
        auto const* const object = find(key);
        if (object == nullptr || object->bytes.size() != object_size) return std::nullopt;
        return Body(std::make_unique<FakeSource>(object->bytes.substr(range.offset, range.length), calls_));
    });
}

Task<std::optional<Body>> FakeObjectStore::gather(std::string_view key, GatheredBytes bytes,
                                                  std::uint64_t object_size) {
    std::string all = std::move(bytes.head);
    while (bytes.lead) {
        auto const piece = co_await bytes.lead->next();
        if (piece.value().empty()) break;
        all += *piece;
    }
    auto const append = [&]() -> bool {
        auto const* const object = find(key);
        if (object == nullptr || object->bytes.size() != object_size) return false;
        for (auto const& run : bytes.runs) {
            if (run.offset > object_size || run.length > object_size - run.offset) {
                throw std::out_of_range("a range that is not in its object");
            }
            all += object->bytes.substr(run.offset, run.length);
        }
        return true;
    };
    bool const is_there = co_await calls_.make("store.gather", append);
    if (!is_there) co_return std::nullopt;
    co_return Body(std::make_unique<FakeSource>(std::move(all), calls_));
}

Task<std::optional<std::string>> FakeObjectStore::presign(std::string_view key, DirectAccess const& access) {
    return calls_.make("store.presign", [this, key, access]() -> std::optional<std::string> {
        if (is_disk()) return std::nullopt;
        return *public_url(key) + "?expires=" + format_rfc3339(clock_.now() + access.expires);
    });
}

std::optional<std::string> FakeObjectStore::public_url(std::string_view key) const {
    if (is_disk()) return std::nullopt;
    return "https://bucket.example.org/" + std::string(key);
}

Task<std::optional<ObjectStat>> FakeObjectStore::stat(std::string_view key) {
    return calls_.make("store.stat", [this, key]() -> std::optional<ObjectStat> {
        auto const* const object = find(key);
        if (object == nullptr) return std::nullopt;
        return ObjectStat{object->bytes.size(), object->modified_at};
    });
}

Task<std::vector<std::string>> FakeObjectStore::list(std::string_view prefix, std::string_view after,
                                                     std::size_t limit) {
    return calls_.make("store.list", [this, prefix = std::string(prefix), after = std::string(after), limit] {
        std::vector<std::string> keys;
        for (auto const& [key, object] : storage_.objects) {
            if (key.starts_with(prefix) && key > after && keys.size() < limit) keys.push_back(key);
        }
        return keys;
    });
}

Task<bool> FakeObjectStore::copy(std::string_view from, std::string_view to) {
    return calls_.make("store.copy", [this, from, to] {
        require_object_key(to);
        auto const* const object = find(from);
        if (object == nullptr) return false;
        FakeStorage::Stored copied{object->bytes, clock_.now(), object->label};
        storage_.objects.insert_or_assign(std::string(to), std::move(copied));
        return true;
    });
}

Task<> FakeObjectStore::remove(std::string_view key) {
    return calls_.make("store.remove", [this, key = std::string(key)] {
        require_object_key(key);
        storage_.objects.erase(key);
    });
}

Task<std::vector<UncommittedBytes>> FakeObjectStore::list_uncommitted() {
    return calls_.make("store.list_uncommitted", [this] {
        std::vector<UncommittedBytes> found;
        if (!is_disk()) return found;
        for (auto const& [id, bytes] : storage_.uncommitted) {
            found.push_back({id, std::chrono::floor<std::chrono::seconds>(clock_.now() - bytes.written_at)});
        }
        return found;
    });
}

Task<bool> FakeObjectStore::is_being_written(std::string_view write_id) {
    return calls_.make("store.is_being_written", [this, write_id] {
        require_write_id(write_id);
        auto const place = storage_.uncommitted.find(write_id);
        return is_disk() && place != storage_.uncommitted.end() && place->second.is_locked;
    });
}

Task<bool> FakeObjectStore::remove_uncommitted(std::string_view write_id) {
    return calls_.make("store.remove_uncommitted", [this, id = std::string(write_id)] {
        require_write_id(id);
        auto const is_of_write = [&](auto const& row) {
            return id_of_object_key(row.second.label.key).to_string() == id;
        };
        auto const removed = std::erase_if(storage_.direct, is_of_write);
        auto const place = storage_.uncommitted.find(id);
        bool const is_there = place != storage_.uncommitted.end() && !(is_disk() && place->second.is_locked);
        if (is_there) storage_.uncommitted.erase(place);
        return is_there || removed > 0;
    });
}

Task<std::optional<std::uint64_t>> FakeObjectStore::free_space() {
    return calls_.make("store.free_space", [this] { return room; });
}

Task<Result<void>> FakeObjectStore::check() {
    return calls_.make("store.check", [] { return Result<void>{}; });
}

}  // namespace clinikk::testing
