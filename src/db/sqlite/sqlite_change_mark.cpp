#include "db/sqlite/sqlite_change_mark.hpp"

#include <sqlite3.h>

#include <atomic>

namespace clinikk::db {

void SqliteChangeMark::attach(sqlite3* connection) noexcept {
    if (index_ != nullptr) return;
    sqlite3_file* file = nullptr;
    if (sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK) return;
    if (file == nullptr || file->pMethods == nullptr || file->pMethods->iVersion < 2) return;
    // The first region of the index, which SQLite itself has mapped. It does not move while the connection lives.
    constexpr int region_size = 32768;
    constexpr int do_not_extend = 0;
    void volatile* region = nullptr;
    if (file->pMethods->xShmMap(file, 0, region_size, do_not_extend, &region) != SQLITE_OK) return;
    index_ = region;
}

SqliteChangeMark::Mark SqliteChangeMark::get() const noexcept {
    if (index_ == nullptr) return std::nullopt;
    auto const* const header = static_cast<std::uint64_t const volatile*>(index_);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    Mark mark(std::in_place);
    for (std::size_t i = 0; i < mark->size(); ++i) (*mark)[i] = header[i];
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return mark;
}

std::uint32_t SqliteChangeMark::moved_frames() const noexcept {
    constexpr std::size_t number = 24;  // nBackfill, after two copies of the header
    return index_ != nullptr ? static_cast<std::uint32_t const volatile*>(index_)[number] : 0;
}

}  // namespace clinikk::db
