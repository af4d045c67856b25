#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "domain/appendable_objects.hpp"
#include "domain/clock.hpp"
#include "domain/direct_uploads.hpp"
#include "domain/object_store.hpp"
#include "support/fakes/calls.hpp"

namespace clinikk::testing {

/// What a store holds, in memory: what all processes share.
struct FakeStorage {
    /// How stores differ. A disk knows which writes are alive, and dates an object when it is committed. A bucket knows
    /// neither, dates an object at the beginning of its upload, and takes direct uploads.
    enum class Kind { disk, bucket };

    struct Stored {
        std::string bytes{};
        Timestamp modified_at{};
        ObjectLabel label{};
    };
    struct Uncommitted {
        std::string bytes{};
        Timestamp begun_at{};
        Timestamp written_at{};
        bool is_locked = true;
    };
    /// An object whose bytes arrive in several requests. Without its progress nobody finds its bytes.
    struct Appended {
        std::string bytes{};
        std::string progress{};
        bool is_open = false;
    };
    struct DirectUpload {
        ObjectLabel label{};
        Timestamp begun_at{};
        std::map<int, std::string> parts{};
    };

    Kind kind = Kind::disk;
    std::map<std::string, Stored, std::less<>> objects{};           ///< by key
    std::map<std::string, Uncommitted, std::less<>> uncommitted{};  ///< by the id of their write
    std::map<std::string, DirectUpload, std::less<>> direct{};      ///< by the id of the upload
    std::map<std::string, Appended, std::less<>> appended{};        ///< by the id of their write

    /// A client sends a part to the address it was given; its ETag.
    std::string put_part(DirectUploadHandle const& upload, int number, std::string bytes);
};

/// One process's way to that store.
class FakeObjectStore final : public ObjectStore {
public:
    FakeObjectStore(FakeStorage& storage, Clock& clock, Calls& calls);
    ~FakeObjectStore() override;

    std::optional<std::uint64_t> room{};  ///< what `free_space` tells

    std::string_view name() const noexcept override;
    std::string_view bucket() const noexcept override;
    Task<std::unique_ptr<ObjectWrite>> create(std::string_view write_id) override;
    Task<std::optional<std::string>> read_at(std::string_view key, ByteRange range) override;
    Task<std::optional<Body>> body(std::string_view key, ByteRange range, std::uint64_t object_size) override;
    Task<std::optional<Body>> gather(std::string_view key, GatheredBytes bytes, std::uint64_t object_size) override;
    Task<std::optional<std::string>> presign(std::string_view key, DirectAccess const& access) override;
    std::optional<std::string> public_url(std::string_view key) const override;
    AppendableObjects& appendable() override { return *appendable_; }
    DirectUploads* direct_uploads() noexcept override { return direct_.get(); }
    Task<std::optional<ObjectStat>> stat(std::string_view key) override;
    Task<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) override;
    Task<bool> copy(std::string_view from, std::string_view to) override;
    Task<> remove(std::string_view key) override;
    Task<std::vector<UncommittedBytes>> list_uncommitted() override;
    Task<bool> is_being_written(std::string_view write_id) override;
    Task<bool> remove_uncommitted(std::string_view write_id) override;
    Task<std::optional<std::uint64_t>> free_space() override;
    Task<Result<void>> check() override;

private:
    bool is_disk() const noexcept { return storage_.kind == FakeStorage::Kind::disk; }
    FakeStorage::Stored const* find(std::string_view key) const;

    FakeStorage& storage_;
    Clock& clock_;
    Calls& calls_;
    std::unique_ptr<DirectUploads> direct_;
    std::unique_ptr<AppendableObjects> appendable_;
};

}  // namespace clinikk::testing
