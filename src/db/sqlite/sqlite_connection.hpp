#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "db/database.hpp"
#include "db/sqlite/sqlite_change_mark.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace clinikk::db {

/// One connection with the statements it has prepared. For one thread at a time.
class SqliteConnection {
public:
    using Clock = std::chrono::steady_clock;

    enum class Use {
        read,    ///< refuses to write
        write,   ///< puts the file into WAL mode where it is not yet
        create,  ///< as `write`; makes the file where there is none, for its owner only
    };

    /// `busy_timeout` is how long a statement waits for locks of other processes.
    SqliteConnection(std::filesystem::path const& path, Use use, std::chrono::milliseconds busy_timeout);
    SqliteConnection(SqliteConnection const&) = delete;
    SqliteConnection& operator=(SqliteConnection const&) = delete;
    ~SqliteConnection();

    class Prepared;

    /// The statement, prepared the first time it is asked for. Valid as long as the connection.
    Prepared& prepare(Statement const& statement);

    /// Runs it to its end. A constraint violation is a value, everything else is thrown.
    Outcome execute(Prepared& prepared, std::span<Value const> parameters, OnRow const& on_row);

    /// As `execute`, for a statement that only reads. Sees all that was committed before the call, by any process.
    /// Leaves a read transaction open for the next call, which goes on in it unless something has been committed since:
    /// to begin and end one costs more than a point read. Not while a checkpoint is due, which it would hold up.
    Outcome read(Prepared& prepared, std::span<Value const> parameters, OnRow const& on_row);

    /// Ends the transaction that `read` left open, which keeps the WAL from being reset.
    void end_reading();

    /// Runs a statement without parameters whose rows do not matter. Throws.
    void execute(Statement const& statement);

    /// Runs any number of statements, keeping none. Throws.
    void run_script(std::string const& sql);

    bool in_transaction() const noexcept;

    /// After a failure that may be the connection's own, as with input and output errors: better open another one.
    bool is_broken() const noexcept { return broken_; }

    /// Until when the next statement waits for locks, instead of the busy timeout. Holds for one wait.
    void set_busy_deadline(Clock::time_point deadline) noexcept { next_deadline_ = deadline; }

    /// Frames in the WAL after this connection's last commit.
    std::uint32_t wal_frames() const noexcept { return wal_frames_; }

    /// How many frames the WAL may hold (4 MiB) before they are to be moved into the file and it is to begin anew.
    static constexpr std::uint32_t checkpoint_frames = 1000;

    /// Moves what the WAL holds into the file, as far as no reader needs it. Nothing does it unasked.
    void checkpoint() noexcept;

    /// The file's state as of now; empty until something was read.
    SqliteChangeMark::Mark change_mark() const noexcept { return change_mark_.get(); }

    sqlite3* handle() const noexcept { return handle_.get(); }

private:
    struct Close {
        void operator()(sqlite3* connection) const noexcept;
    };
    struct HashText {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
    };

    static int on_busy(void* self, int times_before);
    static int on_commit(void* self, sqlite3* connection, char const* database, int wal_frames);
    void configure(Use use);
    void enter_wal_mode();
    [[noreturn]] void fail(std::string_view doing);

    std::unique_ptr<sqlite3, Close> handle_;
    SqliteChangeMark change_mark_;
    SqliteChangeMark::Mark read_mark_{};  ///< the file's state in the open read transaction
    std::unordered_map<std::string, std::unique_ptr<Prepared>, HashText, std::equal_to<>> prepared_;
    std::chrono::milliseconds busy_timeout_;
    Clock::time_point next_deadline_{};
    Clock::time_point deadline_{};
    std::uint32_t wal_frames_ = 0;
    bool broken_ = false;
};

/// A prepared statement of a connection.
class SqliteConnection::Prepared {
public:
    Prepared(sqlite3* connection, Statement const& statement);

    /// Whether it changes nothing in the file.
    bool is_read_only() const noexcept { return read_only_; }

private:
    friend class SqliteConnection;

    struct Finalize {
        void operator()(sqlite3_stmt* statement) const noexcept;
    };

    void bind(std::span<Value const> parameters);

    std::string sql_;
    std::unique_ptr<sqlite3_stmt, Finalize> handle_;
    std::vector<int> places_;  ///< SQLite's index of `$1`, `$2`, …: it counts them by first appearance
    bool read_only_ = false;
};

}  // namespace clinikk::db
