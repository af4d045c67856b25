#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/file.hpp"

namespace clinikk {

/// An open object, its size in bytes, and the identity of its file (`st_dev`, `st_ino`).
struct OpenObject {
    std::shared_ptr<FileDescriptor const> file;
    std::uint64_t size = 0;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
};

/// The descriptors of the immutable objects that were used last, so that a request for a range need not open the file.
/// Thread-safe.
class OpenFileCache {
public:
    explicit OpenFileCache(std::size_t capacity) : capacity_(capacity) {}

    std::optional<OpenObject> find(std::string_view key);

    /// Ask for it before opening a file that is to be inserted.
    std::uint64_t generation() const;

    /// Keeps `object` unless any object was forgotten since `generation`: it might have been this one.
    void insert(std::string_view key, OpenObject object, std::uint64_t generation);

    /// Call it after a file was removed.
    void forget(std::string_view key);

    /// Call it after any file may have been removed.
    void clear();

private:
    struct Entry {
        std::string key;
        OpenObject object;
    };
    using Entries = std::list<Entry>;

    std::size_t capacity_;
    mutable std::mutex mutex_;
    std::uint64_t generation_ = 0;
    Entries entries_;  ///< the one used last comes first
    std::unordered_map<std::string_view, Entries::iterator> by_key_;
};

}  // namespace clinikk
