#include "storage/local_object_store.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <queue>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "base/error.hpp"
#include "base/uuid.hpp"
#include "domain/object_key.hpp"
#include "storage/gathered_source.hpp"
#include "storage/local_files.hpp"
#include "storage/local_object_append.hpp"
#include "storage/local_object_write.hpp"
#include "storage/open_file_cache.hpp"

namespace clinikk {
namespace {

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

/// Calls `visit` with the name of each entry, and whether it is a regular file.
void for_each_entry(FileDescriptor folder, std::function<void(std::string_view, bool)> const& visit) {
    std::unique_ptr<DIR, CloseDirectory> const directory(::fdopendir(folder.get()));
    if (!directory) throw_errno("fdopendir");
    [[maybe_unused]] auto const owned = folder.release();
    for (;;) {
        errno = 0;
        auto const* const entry = ::readdir(directory.get());
        if (entry == nullptr) break;
        std::string_view const name(entry->d_name);
        if (name == "." || name == "..") continue;
        struct stat status{};
        bool const is_told = entry->d_type != DT_UNKNOWN;
        bool const is_seen =
            is_told || ::fstatat(::dirfd(directory.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0;
        if (is_seen) visit(name, is_told ? entry->d_type == DT_REG : S_ISREG(status.st_mode));
    }
    if (errno != 0) throw_errno("readdir");
}

FileDescriptor open_directory(int parent, char const* name) {
    return FileDescriptor(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
}

FileDescriptor open_again(int directory) {
    auto opened = open_directory(directory, ".");
    if (!opened) throw_errno("openat");
    return opened;
}

/// Reads until `out` is full or the file ends. Returns the number of bytes.
std::size_t read_fully(int file, char* out, std::size_t length, std::uint64_t offset) {
    std::size_t done = 0;
    while (done < length) {
        auto const got = ::pread(file, out + done, length - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno != EINTR) throw_errno("pread");
        if (got == 0) break;
        if (got > 0) done += static_cast<std::size_t>(got);
    }
    return done;
}

/// Reads what the page cache has, without waiting for the disk.
std::size_t read_cached(int file, char* out, std::size_t length, std::uint64_t offset) noexcept {
    iovec const space{out, length};
    auto const got = ::preadv2(file, &space, 1, static_cast<off_t>(offset), RWF_NOWAIT);
    return got > 0 ? static_cast<std::size_t>(got) : 0;
}

/// The `limit` least of the keys that are added.
class LeastKeys {
public:
    explicit LeastKeys(std::size_t limit) : limit_(limit) {}

    void add(std::string key) {
        keys_.push(std::move(key));
        if (keys_.size() > limit_) keys_.pop();
    }

    std::vector<std::string> take() {
        std::vector<std::string> sorted(keys_.size());
        for (auto slot = sorted.rbegin(); slot != sorted.rend(); ++slot, keys_.pop()) *slot = keys_.top();
        return sorted;
    }

private:
    std::size_t limit_;
    std::priority_queue<std::string> keys_;  // the greatest is on top
};

/// Logs an entry that is in the place of an object and is not one.
using OnMisfit = std::function<void(std::string_view folder, std::string_view name, std::string_view why)>;

std::vector<std::string> list_keys(int root, std::string_view prefix, std::string_view after, std::size_t limit,
                                   OnMisfit const& tell) {
    std::vector<std::string> folders;
    auto const is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    for_each_entry(open_again(root), [&](std::string_view name, bool) {
        if (std::ranges::all_of(name, is_letter)) folders.emplace_back(name);
    });
    LeastKeys keys(limit);
    for (auto const& folder : folders) {
        auto const start = folder + "/";
        if (!start.starts_with(prefix.substr(0, start.size()))) continue;
        auto opened = open_directory(root, folder.c_str());
        if (!opened) {
            tell("", folder, "it cannot be read as a folder");
            continue;
        }
        for_each_entry(std::move(opened), [&](std::string_view name, bool is_file) {
            auto key = start + std::string(name);
            if (!is_object_key(key)) return tell(folder, name, "its name is not that of an object");
            if (!is_file) return tell(folder, name, "it is no file");
            if (key.starts_with(prefix) && key > after) keys.add(std::move(key));
        });
    }
    return keys.take();
}

std::vector<UncommittedBytes> list_parts(int temporary, Timestamp at, OnMisfit const& tell) {
    constexpr std::string_view ending = ".part";
    std::vector<UncommittedBytes> found;
    for_each_entry(open_again(temporary), [&](std::string_view name, bool is_file) {
        auto const id = name.substr(0, name.size() - std::min(name.size(), ending.size()));
        struct stat status{};
        if (!name.ends_with(ending) || !is_write_id(id)) return;
        if (!is_file) return tell("", name, "it is no file");
        if (::fstatat(temporary, std::string(name).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;
        auto const now = std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch());
        auto const age = now - std::chrono::seconds(status.st_mtime);
        found.push_back({std::string(id), std::max(age, std::chrono::seconds(0))});
    });
    return found;
}

/// Returns whether files can be made in a folder of objects, or the folder itself can be made.
bool takes_files(int root, std::string_view folder) {
    std::string const name(folder.substr(0, folder.find('/')));
    auto const opened = open_directory(root, name.c_str());
    if (!opened && errno != ENOENT) return false;
    return ::faccessat(opened ? opened.get() : root, ".", W_OK | X_OK, AT_EACCESS) == 0;
}

class LocalDiskStore final : public LocalObjectStore {
public:
    LocalDiskStore(std::shared_ptr<StoreDirectories const> directories, LocalStoreOptions const& options, Clock& clock,
                   BlockingPool& pool, Log& log)
        : directories_(std::move(directories)),
          reserve_(options.reserve),
          clock_(clock),
          pool_(pool),
          log_(log),
          open_files_(options.open_files),
          appendable_(make_local_appendable_objects(
              {directories_, reserve_, pool_, clock_, [this](std::string const& key) { remove_durably(key); }})) {}

    std::string_view name() const noexcept override { return "local"; }

    Task<std::unique_ptr<ObjectWrite>> create(std::string_view write_id) override {
        require_write_id(write_id);
        co_return make_local_object_write(directories_, pool_, reserve_, write_id);
    }

    AppendableObjects& appendable() override { return *appendable_; }

    Task<std::optional<std::string>> read_at(std::string_view key, ByteRange range) override {
        auto const object = open(key);
        if (!object) co_return std::nullopt;
        auto const offset = std::min(range.offset, object->size);
        std::string bytes(std::min(range.length, object->size - offset), '\0');
        int const file = object->file->get();
        auto done = read_cached(file, bytes.data(), bytes.size(), offset);
        if (done < bytes.size()) {
            auto const work = [&] {
                done += read_fully(file, bytes.data() + done, bytes.size() - done, offset + done);
            };
            co_await pool_.run(work);
        }
        bytes.resize(done);
        co_return bytes;
    }

    Task<std::optional<Body>> body(std::string_view key, ByteRange range, std::uint64_t object_size) override {
        require_within(range, object_size);
        auto object = open_whole(key, object_size);
        if (!object) co_return std::nullopt;
        co_return Body(FileSlice{std::move(object->file), range.offset, range.length});
    }

    Task<std::optional<Body>> gather(std::string_view key, GatheredBytes bytes, std::uint64_t object_size) override {
        for (auto const& run : bytes.runs) require_within(run, object_size);
        auto object = open_whole(key, object_size);
        if (!object) co_return std::nullopt;
        co_return Body(
            FilePieces{std::move(bytes.head), std::move(bytes.lead), std::move(object->file), std::move(bytes.runs)});
    }

    Task<std::optional<std::string>> presign(std::string_view, DirectAccess const&) override { co_return std::nullopt; }

    Task<std::optional<ObjectStat>> stat(std::string_view key) override {
        require_object_key(key);
        auto const found = find_object(root(), key);
        if (!is_there(found, key)) co_return std::nullopt;
        auto const& status = found.status;
        Timestamp const modified{std::chrono::seconds(status.st_mtim.tv_sec) +
                                 std::chrono::microseconds(status.st_mtim.tv_nsec / 1000)};
        co_return ObjectStat{static_cast<std::uint64_t>(status.st_size), modified};
    }

    Task<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) override {
        bool const is_first_page = prefix.empty() && after.empty();
        OnMisfit const tell = [&](std::string_view folder, std::string_view name, std::string_view why) {
            if (is_first_page) tell_of_misfit(folder, name, why);
        };
        auto const work = [&] { return list_keys(root(), prefix, after, limit, tell); };
        co_return co_await pool_.run(work);
    }

    Task<bool> copy(std::string_view from, std::string_view to) override {
        require_object_key(to);
        auto const source = open(from);
        if (!source) co_return false;
        if (available_bytes(root()) < source->size) throw OutOfSpace("copy");
        TemporaryFile target(directories_, new_uuid().to_string());
        off_t done = 0;
        auto const copy_slice = [&] {
            off_t at = done;
            return ::copy_file_range(source->file->get(), &done, target.fd(), &at, copy_slice_bytes, 0) > 0;
        };
        while (static_cast<std::uint64_t>(done) < source->size) {
            bool const copied = co_await pool_.run(copy_slice);
            if (!copied) throw_errno("copy_file_range");
        }
        auto const publish = [&] { target.publish(to); };
        co_await pool_.run(publish);
        co_return true;
    }

    Task<> remove(std::string_view key) override {
        require_object_key(key);
        auto const work = [this, key] { remove_durably(std::string(key)); };
        co_await pool_.run(work);
    }

    Task<std::optional<std::uint64_t>> free_space() override {
        auto const available = available_bytes(root());
        co_return available - std::min(available, reserve_);
    }

    Task<Result<void>> check() override {
        auto const work = [this] { return try_to_write(); };
        co_return co_await pool_.run(work);
    }

    void close_idle_files() override { open_files_.clear(); }

    Task<std::vector<UncommittedBytes>> list_uncommitted() override {
        auto const tell = std::bind_front(&LocalDiskStore::tell_of_misfit, this);
        auto const work = [&] { return list_parts(directories_->temporary.get(), clock_.now(), tell); };
        co_return co_await pool_.run(work);
    }

    Task<bool> is_being_written(std::string_view write_id) override {
        require_write_id(write_id);
        co_return is_locked(directories_->temporary.get(), write_id);
    }

    Task<bool> remove_uncommitted(std::string_view write_id) override {
        require_write_id(write_id);
        auto const work = [this, write_id] { return remove_if_unlocked(directories_->temporary.get(), write_id); };
        co_return co_await pool_.run(work);
    }

private:
    static void require_write_id(std::string_view id) {
        if (!is_write_id(id)) throw std::invalid_argument("not a write id");
    }

    int root() const noexcept { return directories_->root.get(); }

    std::optional<OpenObject> open(std::string_view key) {
        auto cached = open_files_.find(key);
        if (cached && is_still_there(*cached, key)) return cached;
        require_object_key(key);
        if (cached) open_files_.forget(key);
        auto const generation = open_files_.generation();
        auto found = open_object(root(), key);
        if (!is_there(found, key)) return std::nullopt;
        OpenObject object{std::make_shared<FileDescriptor const>(std::move(found.file)),
                          static_cast<std::uint64_t>(found.status.st_size), found.status.st_dev, found.status.st_ino};
        open_files_.insert(key, object, generation);
        return object;
    }

    /// Empty also when the object has another size, which is logged.
    std::optional<OpenObject> open_whole(std::string_view key, std::uint64_t size) {
        auto object = open(key);
        if (!object || object->size == size) return object;
        log_.error("object.size_mismatched", {{"key", key}, {"bytes", object->size}});
        return std::nullopt;
    }

    /// Returns whether the opened file is still the whole file under that name: other programs may change the disk.
    bool is_still_there(OpenObject const& object, std::string_view key) const noexcept {
        struct stat status{};
        return ::fstatat(root(), std::string(key).c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
               status.st_ino == object.inode && status.st_dev == object.device &&
               static_cast<std::uint64_t>(status.st_size) == object.size;
    }

    bool is_there(ObjectFile const& found, std::string_view key) {
        if (!found.fault.empty()) log_.error("object.rejected", {{"key", key}, {"why", found.fault}});
        return found.fault.empty() && found.status.st_mode != 0;
    }

    void tell_of_misfit(std::string_view folder, std::string_view name, std::string_view why) {
        log_.warning("entry.skipped", {{"folder", folder}, {"name", name}, {"why", why}});
    }

    Result<void> try_to_write() {
        constexpr std::string_view detail = "it cannot be written to";
        try {
            if (available_bytes(root()) <= reserve_)
                return Error(ErrorCode::insufficient_storage, "it has no room left");
            TemporaryFile const probe(directories_, new_uuid().to_string());
            if (!write_fully(probe.fd(), "check", 0)) throw OutOfSpace("pwrite");
            for (auto const& folder : object_folders) {
                if (!takes_files(root(), folder)) throw_errno("faccessat");
            }
        } catch (OutOfSpace const&) {
            return Error(ErrorCode::insufficient_storage, "it has no room left");
        } catch (std::exception const& failure) {
            log_.error("storage.write_failed", {{"error", failure.what()}});
            return Error(ErrorCode::unavailable, std::string(detail));
        }
        return {};
    }

    void remove_durably(std::string const& key) {
        KeyParts const parts(key);
        auto const folder = open_beneath(root(), parts.folder, O_RDONLY | O_DIRECTORY);
        bool const is_gone = !folder || ::unlinkat(folder->get(), parts.name.c_str(), 0) != 0;
        if (is_gone && errno != ENOENT) throw_errno("unlinkat");
        open_files_.forget(key);
        if (!is_gone) sync_directory(folder->get());
    }

    std::shared_ptr<StoreDirectories const> directories_;
    std::uint64_t reserve_;
    Clock& clock_;
    BlockingPool& pool_;
    Log& log_;
    OpenFileCache open_files_;
    std::unique_ptr<AppendableObjects> appendable_;
};

dev_t device_of(FileDescriptor const& directory) {
    struct stat status{};
    if (::fstat(directory.get(), &status) != 0) throw_errno("fstat");
    return status.st_dev;
}

}  // namespace

std::unique_ptr<LocalObjectStore> open_local_object_store(LocalStoreOptions const& options, Clock& clock,
                                                          BlockingPool& pool, Log& log) {
    auto directories = std::make_shared<StoreDirectories>();
    directories->root = open_or_make_directory(options.root);
    directories->temporary = open_or_make_directory(options.temporary);
    if (device_of(directories->root) != device_of(directories->temporary)) {
        throw std::runtime_error("objects and temporary files must be on one file system: " + options.root.string() +
                                 ", " + options.temporary.string());
    }
    return std::make_unique<LocalDiskStore>(std::move(directories), options, clock, pool, log);
}

}  // namespace clinikk
