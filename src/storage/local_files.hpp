#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.hpp"

/// The system calls of the local object store. Failures name the call, never a path.
namespace clinikk {

/// A long copy returns the thread of the pool after this many bytes.
inline constexpr std::size_t copy_slice_bytes = 64UL * 1024 * 1024;

/// Throws what `errno` means: `OutOfSpace`, a `std::system_error` when the name is taken, else `Unavailable`.
[[noreturn]] void throw_errno(char const* call);

/// Opens a directory. If it does not exist, it and its parents are made, for this user only. For the start of the
/// program: its exceptions are for the operator and name the path.
FileDescriptor open_or_make_directory(std::filesystem::path const& path);

/// As openat(2) with O_CLOEXEC and O_NOFOLLOW; empty when there is no such file.
std::optional<FileDescriptor> open_beneath(int directory, std::string_view name, int flags, mode_t mode = 0600);

/// The folder, and the name in it, for a key such as `video/<uuid>.mp4`.
struct KeyParts {
    std::string folder;
    std::string name;

    explicit KeyParts(std::string_view key);
};

/// The file of an object. Without a file, `fault` states what is in its place; it is empty when nothing is there.
struct ObjectFile {
    FileDescriptor file{};
    struct stat status{};
    std::string_view fault{};
};

/// Opens a regular file and nothing else: it follows no link, and does not wait for the other end of a FIFO.
ObjectFile open_object(int root, std::string_view key);

/// As `open_object`, without opening it: `file` stays empty.
ObjectFile find_object(int root, std::string_view key);

/// Writes all bytes at `offset`. Returns false when the disk is full.
bool write_fully(int file, std::string_view bytes, std::uint64_t offset);

void sync_directory(int directory);

/// The number of bytes that an unprivileged process may still write; none when no more files can be made.
std::uint64_t available_bytes(int directory);

/// The two directories of a store. They are shared, because work on a pool may outlive the store.
struct StoreDirectories {
    FileDescriptor root;
    FileDescriptor temporary;
};

/// A file in the temporary directory, readable by this user only and locked (flock(2)) while it lives. The destructor
/// removes it unless it was published.
class TemporaryFile {
public:
    /// Throws EEXIST when one of this name exists.
    TemporaryFile(std::shared_ptr<StoreDirectories const> directories, std::string_view write_id);
    TemporaryFile(TemporaryFile const&) = delete;
    TemporaryFile& operator=(TemporaryFile const&) = delete;
    ~TemporaryFile();

    int fd() const noexcept { return file_.get(); }

    /// Makes the file durable under `key`, and its folder if necessary. Throws EEXIST when the key is taken.
    void publish(std::string_view key);

    /// Removes the file unless it was published. Its bytes last as long as its descriptor.
    void discard() noexcept;

private:
    std::shared_ptr<StoreDirectories const> directories_;
    std::string name_;  ///< empty once published or discarded
    FileDescriptor file_;
};

/// The temporary file of a write that goes on over several requests, opened again and locked while the descriptor
/// lives. Without a file, `is_busy` states whether a live process has it; else there is none.
struct ReopenedFile {
    FileDescriptor file{};
    bool is_busy = false;
};

/// Opens and locks the temporary file of a write, without waiting for the lock. With `make`, it is made if there is
/// none.
ReopenedFile reopen_temporary(int temporary, std::string_view write_id, bool make);

/// Makes a file of the temporary directory durable under `key`, and its folder if necessary. Throws EEXIST when the key
/// is taken.
void publish_temporary(StoreDirectories const& directories, std::string const& name, int file, std::string_view key);

/// The name of the temporary file of a writer.
std::string temporary_name(std::string_view write_id);

/// Returns whether a temporary file exists and its writer lives.
bool is_locked(int temporary, std::string_view write_id);

/// Removes a temporary file unless its writer lives. Returns whether it was removed.
bool remove_if_unlocked(int temporary, std::string_view write_id);

}  // namespace clinikk
