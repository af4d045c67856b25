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

/// One connection with the statements that it has prepared. For one thread at a time.
class SqliteConnection {
public:
    using Clock = std::chrono::steady_clock;

    enum class Use {
        read,    ///< refuses to write
        write,   ///< switches the file to WAL mode if necessary
        create,  ///< as `write`, and makes the file if necessary, for its owner only
    };

    /// `busy_timeout` is how long a statement waits for the locks of other processes.
    SqliteConnection(std::filesystem::path const& path, Use use, std::chrono::milliseconds busy_timeout);
    SqliteConnection(SqliteConnection const&) = delete;
    SqliteConnection& operator=(SqliteConnection const&) = delete;
    ~SqliteConnection();

    class Prepared;

    /// The statement, prepared when it is first asked for. Valid as long as the connection.
    Prepared& prepare(Statement const& statement);

    /// Runs a statement to its end. A constraint violation is a value; anything else is thrown.
    Outcome execute(Prepared& prepared, std::span<Value const> parameters, OnRow const& on_row);

    /// As `execute`, for a statement that only reads. It sees everything that any process committed before the call. It
    /// leaves a read transaction open, which the next call continues unless something has been committed meanwhile:
    /// beginning and ending one costs more than a point read. It does not do so while a checkpoint is due, which it
    /// would delay.
    Outcome read(Prepared& prepared, std::span<Value const> parameters, OnRow const& on_row);

    /// Ends the transaction that `read` left open, since it keeps the WAL from being reset.
    void end_reading();

    /// Runs a statement without parameters and ignores its rows. Throws on failure.
    void execute(Statement const& statement);

    /// Runs any number of statements without keeping them. Throws on failure.
    void run_script(std::string const& sql);

    bool in_transaction() const noexcept;

    /// Returns whether the last failure may be that of the connection itself, such as an I/O error: the caller should
    /// open another one.
    bool is_broken() const noexcept { return broken_; }

    /// The deadline until which the next statement waits for locks, instead of the busy timeout. For one wait only.
    void set_busy_deadline(Clock::time_point deadline) noexcept { next_deadline_ = deadline; }

    /// The number of frames in the WAL after the last commit of this connection.
    std::uint32_t wal_frames() const noexcept { return wal_frames_; }

    /// The number of frames in the WAL (4 MiB) at which they are to be moved into the file.
    static constexpr std::uint32_t checkpoint_frames = 1000;

    /// Moves the frames of the WAL into the file, except those that a reader needs. It only happens on request.
    void checkpoint() noexcept;

    /// The current state of the file; empty until something was read.
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
    SqliteChangeMark::Mark read_mark_{};  ///< the state of the file in the open read transaction
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

    /// Returns whether it changes nothing in the file.
    bool is_read_only() const noexcept { return read_only_; }

private:
    friend class SqliteConnection;

    struct Finalize {
        void operator()(sqlite3_stmt* statement) const noexcept;
    };

    void bind(std::span<Value const> parameters);

    std::string sql_;
    std::unique_ptr<sqlite3_stmt, Finalize> handle_;
    std::vector<int> places_;  ///< the indexes of `$1`, `$2`, … in SQLite, which counts them by first appearance
    bool read_only_ = false;
};

}  // namespace clinikk::db
