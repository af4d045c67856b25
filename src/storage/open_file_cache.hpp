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

/// An open object, its size in bytes, and which file it is (`st_dev`, `st_ino`).
struct OpenObject {
    std::shared_ptr<FileDescriptor const> file;
    std::uint64_t size = 0;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
};

/// Descriptors of immutable objects that were used last, so that a ranged request costs no open. Thread-safe.
class OpenFileCache {
public:
    explicit OpenFileCache(std::size_t capacity) : capacity_(capacity) {}

    std::optional<OpenObject> find(std::string_view key);

    /// To be asked before a file is opened that is to be inserted.
    std::uint64_t generation() const;

    /// Keeps `object` unless anything was forgotten since `generation`: it might have been this.
    void insert(std::string_view key, OpenObject object, std::uint64_t generation);

    /// To be called after a file was removed.
    void forget(std::string_view key);

    /// To be called after any file may have been removed.
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
