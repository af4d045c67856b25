#include "db/sqlite/sqlite_readers.hpp"

#include <algorithm>
#include <functional>
#include <thread>

namespace clinikk::db {
namespace {

/// Where this thread begins its search. Thread ids are addresses; the multiplication spreads them over the upper bits.
std::size_t first_place(std::size_t places) noexcept {
    auto const id = std::hash<std::thread::id>{}(std::this_thread::get_id());
    return static_cast<std::size_t>((id * 0x9e3779b97f4a7c15ULL) >> 32) % places;
}

}  // namespace

SqliteReaders::SqliteReaders(SqliteOptions const& options, Log& log)
    : options_(options), log_(log), slots_(std::max<std::size_t>(options.read_connections, 1)) {
    for (auto& slot : slots_) slot.connection = open();
}

std::unique_ptr<SqliteConnection> SqliteReaders::open() const {
    return std::make_unique<SqliteConnection>(options_.path, SqliteConnection::Use::read, options_.busy_timeout);
}

SqliteReaders::Lease::Lease(SqliteReaders& readers) : readers_(readers), slot_(readers.take()) {
    if (slot_.connection) return;
    try {
        slot_.connection = readers_.open();
    } catch (...) {
        readers_.give_back(slot_);
        throw;
    }
}

SqliteReaders::Slot& SqliteReaders::take() noexcept {
    auto const first = first_place(slots_.size());
    for (;;) {
        for (std::size_t i = 0; i < slots_.size(); ++i) {
            auto& slot = slots_[(first + i) % slots_.size()];
            if (!slot.taken.load(std::memory_order_relaxed) && !slot.taken.exchange(true)) return slot;
        }
        slots_[first].taken.wait(true);
    }
}

void SqliteReaders::give_back(Slot& slot) noexcept {
    if (slot.connection && slot.connection->is_broken()) {
        log_.warning("sqlite.read_connection_dropped");
        slot.connection.reset();
    }
    slot.taken.store(false);
    slot.taken.notify_one();
}

void SqliteReaders::end_idle_reads() noexcept {
    for (auto& slot : slots_) {
        if (slot.taken.exchange(true)) continue;
        try {
            if (slot.connection) slot.connection->end_reading();
        } catch (std::exception const& error) {
            log_.warning("sqlite.read_connection_dropped", {{"error", error.what()}});
            slot.connection.reset();
        }
        give_back(slot);
    }
}

}  // namespace clinikk::db
