#include "storage/local_files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/error.hpp"

namespace clinikk {
namespace {

namespace fs = std::filesystem;

/// Calls flock(2), again when a signal interrupts it. Returns false when another process has the lock and `how` says
/// not to wait.
bool lock(int file, int how) {
    while (::flock(file, how) != 0) {
        if (errno == EWOULDBLOCK) return false;
        if (errno != EINTR) throw_errno("flock");
    }
    return true;
}

bool has_name(int file) {
    struct stat status{};
    if (::fstat(file, &status) != 0) throw_errno("fstat");
    return status.st_nlink > 0;
}

/// Returns whether the opened file is the one that has this name now.
bool stands_under(int directory, std::string const& name, int file) {
    struct stat opened{}, named{};
    if (::fstat(file, &opened) != 0) throw_errno("fstat");
    if (::fstatat(directory, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) return false;
        throw_errno("fstatat");
    }
    return opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

FileDescriptor make_locked(int directory, std::string const& name) {
    for (;;) {
        auto file = open_beneath(directory, name, O_RDWR | O_CREAT | O_EXCL);
        if (!file) throw_errno("openat");
        lock(file->get(), LOCK_EX);
        // A collector may have held the lock in between, and removed the file as abandoned.
        if (has_name(file->get())) return *std::move(file);
    }
}

FileDescriptor open_folder(int root, std::string const& name) {
    return FileDescriptor(::openat(root, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

FileDescriptor open_or_make_folder(int root, std::string const& name) {
    auto folder = open_beneath(root, name, O_RDONLY | O_DIRECTORY);
    if (!folder) {
        if (::mkdirat(root, name.c_str(), 0700) != 0 && errno != EEXIST) throw_errno("mkdirat");
        sync_directory(root);
        folder = open_beneath(root, name, O_RDONLY | O_DIRECTORY);
    }
    if (!folder) throw_errno("openat");
    return *std::move(folder);
}

/// What `errno` states about a name that could not be opened. Throws when the fault is not in the entry itself.
ObjectFile without_file(char const* call) {
    switch (errno) {
        case ENOENT: return {};
        case ELOOP: return {.fault = "it is a symbolic link"};
        case ENOTDIR: return {.fault = "its folder is none"};
        case EACCES:
        case EPERM: return {.fault = "it may not be read"};
        case ENXIO:
        case ENODEV: return {.fault = "it is no file"};
        default: throw_errno(call);
    }
}

ObjectFile if_regular(ObjectFile object) {
    if (S_ISREG(object.status.st_mode)) return object;
    return {.fault = S_ISLNK(object.status.st_mode) ? "it is a symbolic link" : "it is no file"};
}

}  // namespace

void throw_errno(char const* call) {
    int const code = errno;
    std::system_error const failure(code, std::generic_category(), call);
    if (code == EEXIST) throw std::system_error(failure);
    if (is_out_of_space(code)) throw OutOfSpace(failure.what());
    throw Unavailable(failure.what());
}

FileDescriptor open_or_make_directory(fs::path const& path) {
    if (fs::create_directories(path)) fs::permissions(path, fs::perms::owner_all);
    FileDescriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) throw std::system_error(errno, std::generic_category(), path.string());
    return directory;
}

std::optional<FileDescriptor> open_beneath(int directory, std::string_view name, int flags, mode_t mode) {
    std::string const path(name);
    for (;;) {
        FileDescriptor file(::openat(directory, path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode));
        if (file) return file;
        if (errno == ENOENT) return std::nullopt;
        if (errno != EINTR) throw_errno("openat");
    }
}

KeyParts::KeyParts(std::string_view key) : folder(key.substr(0, key.find('/'))), name(key.substr(folder.size() + 1)) {}

ObjectFile open_object(int root, std::string_view key) {
    KeyParts const parts(key);
    auto const folder = open_folder(root, parts.folder);
    if (!folder) return without_file("openat");
    ObjectFile object;
    object.file = FileDescriptor(
        ::openat(folder.get(), parts.name.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC));
    if (!object.file) return without_file("openat");
    if (::fstat(object.file.get(), &object.status) != 0) throw_errno("fstat");
    return if_regular(std::move(object));
}

ObjectFile find_object(int root, std::string_view key) {
    KeyParts const parts(key);
    auto const folder = open_folder(root, parts.folder);
    if (!folder) return without_file("openat");
    ObjectFile object;
    if (::fstatat(folder.get(), parts.name.c_str(), &object.status, AT_SYMLINK_NOFOLLOW) != 0) {
        return without_file("fstatat");
    }
    return if_regular(std::move(object));
}

bool write_fully(int file, std::string_view bytes, std::uint64_t offset) {
    while (!bytes.empty()) {
        auto const written = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0) {
            if (errno == EINTR) continue;
            if (is_out_of_space(errno)) return false;
            throw_errno("pwrite");
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
        offset += static_cast<std::uint64_t>(written);
    }
    return true;
}

void sync_directory(int directory) {
    if (::fsync(directory) != 0) throw_errno("fsync");
}

std::uint64_t available_bytes(int directory) {
    struct statvfs status{};
    if (::fstatvfs(directory, &status) != 0) throw_errno("fstatvfs");
    if (status.f_files > 0 && status.f_favail == 0) return 0;
    return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

std::string temporary_name(std::string_view write_id) { return std::string(write_id) + ".part"; }

TemporaryFile::TemporaryFile(std::shared_ptr<StoreDirectories const> directories, std::string_view write_id)
    : directories_(std::move(directories)),
      name_(temporary_name(write_id)),
      file_(make_locked(directories_->temporary.get(), name_)) {}

TemporaryFile::~TemporaryFile() { discard(); }

void TemporaryFile::discard() noexcept {
    if (!name_.empty()) ::unlinkat(directories_->temporary.get(), name_.c_str(), 0);
    name_.clear();
}

void TemporaryFile::publish(std::string_view key) {
    publish_temporary(*directories_, name_, file_.get(), key);
    name_.clear();
}

void publish_temporary(StoreDirectories const& directories, std::string const& name, int file, std::string_view key) {
    KeyParts const parts(key);
    if (::fdatasync(file) != 0) throw_errno("fdatasync");
    auto const folder = open_or_make_folder(directories.root.get(), parts.folder);
    if (::renameat2(directories.temporary.get(), name.c_str(), folder.get(), parts.name.c_str(), RENAME_NOREPLACE) !=
        0) {
        throw_errno("renameat2");
    }
    sync_directory(folder.get());
}

ReopenedFile reopen_temporary(int temporary, std::string_view write_id, bool make) {
    auto const name = temporary_name(write_id);
    for (;;) {
        auto file = open_beneath(temporary, name, O_RDWR | (make ? O_CREAT : 0));
        if (!file) return {};
        if (!lock(file->get(), LOCK_EX | LOCK_NB)) return {.is_busy = true};
        // Whoever held the lock in between may have removed or published the file.
        if (stands_under(temporary, name, file->get())) return {.file = *std::move(file)};
    }
}

bool is_locked(int temporary, std::string_view write_id) {
    auto const file = open_beneath(temporary, temporary_name(write_id), O_RDONLY | O_NONBLOCK);
    return file && !lock(file->get(), LOCK_EX | LOCK_NB);
}

bool remove_if_unlocked(int temporary, std::string_view write_id) {
    auto const name = temporary_name(write_id);
    auto const file = open_beneath(temporary, name, O_RDONLY | O_NONBLOCK);
    // The file has no name any more: its writer removed it meanwhile.
    if (!file || !lock(file->get(), LOCK_EX | LOCK_NB) || !has_name(file->get())) return false;
    if (::unlinkat(temporary, name.c_str(), 0) == 0) return true;
    if (errno == ENOENT) return false;
    throw_errno("unlinkat");
}

}  // namespace clinikk
