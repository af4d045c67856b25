#pragma once

#include <filesystem>

#include "domain/collection_lock.hpp"

namespace clinikk::db {

/// A lock on a file beside the database: every process that opens that database is on this host. The file contains the
/// name of the holder, and stays.
class FileCollectionLock final : public CollectionLock {
public:
    explicit FileCollectionLock(std::filesystem::path file) : file_(std::move(file)) {}

    /// Throws std::system_error when the file cannot be opened.
    Task<Attempt> try_claim(std::string holder) override;

private:
    std::filesystem::path file_;
};

}  // namespace clinikk::db
