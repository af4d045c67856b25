#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "base/log.hpp"
#include "db/sqlite/sqlite_connection.hpp"
#include "db/sqlite/sqlite_database.hpp"

namespace clinikk::db {

/// A fixed number of connections that only read. Thread-safe: each thread begins its search at a place of its own, so
/// that threads hardly meet as long as there are no more threads than connections, and find their caches warm.
class SqliteReaders {
public:
    SqliteReaders(SqliteOptions const& options, Log& log);

private:
    static constexpr std::size_t cache_line = 64;

    struct alignas(cache_line) Slot {
        std::atomic<bool> taken{false};
        std::unique_ptr<SqliteConnection>
            connection;  ///< null after a failure; whoever has taken the slot opens it again
    };

public:
    /// A connection, lent until the lease ends.
    class Lease {
    public:
        explicit Lease(SqliteReaders& readers);
        Lease(Lease const&) = delete;
        Lease& operator=(Lease const&) = delete;
        ~Lease() { readers_.give_back(slot_); }

        SqliteConnection* operator->() const noexcept { return slot_.connection.get(); }

    private:
        SqliteReaders& readers_;
        Slot& slot_;
    };

    /// Waits while all are lent, which takes microseconds, since each is lent for one statement. Throws when a
    /// connection had to be opened again and could not be.
    Lease lend() { return Lease(*this); }

    /// Ends the read transactions of idle connections. They keep the WAL from being reset and, once something has been
    /// committed, have no use.
    void end_idle_reads() noexcept;

private:
    std::unique_ptr<SqliteConnection> open() const;
    Slot& take() noexcept;
    void give_back(Slot& slot) noexcept;

    SqliteOptions options_;
    Log& log_;
    std::vector<Slot> slots_;
};

}  // namespace clinikk::db
