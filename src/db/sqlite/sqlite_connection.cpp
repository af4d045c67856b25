#include "db/sqlite/sqlite_connection.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <system_error>
#include <thread>

#include "base/file.hpp"
#include "db/sqlite/sqlite_error.hpp"
#include "db/sqlite/sqlite_row.hpp"

namespace clinikk::db {
namespace {

using namespace std::chrono_literals;

// With the mode of the library itself, others could read e-mail addresses and password hashes. SQLite gives the WAL the
// mode of the file. O_EXCL is needed because closing a descriptor of an open file would drop the locks that SQLite
// holds on it in this process (fcntl(2), record locks).
void create_private(std::filesystem::path const& path) {
    FileDescriptor const created(open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!created && errno != EEXIST) {
        throw std::system_error(errno, std::generic_category(), "cannot create " + path.string());
    }
}

// By default the library counts its memory under a lock that all threads share. This can only be changed before its
// first use in the process; a refusal later costs nothing but speed.
void stop_memory_count() { [[maybe_unused]] static int const once = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

class ResetAtEnd {
public:
    explicit ResetAtEnd(sqlite3_stmt* statement) : statement_(statement) {}
    ResetAtEnd(ResetAtEnd const&) = delete;
    ResetAtEnd& operator=(ResetAtEnd const&) = delete;
    ~ResetAtEnd() { sqlite3_reset(statement_); }

private:
    sqlite3_stmt* statement_;
};

constexpr Statement begin_reading{"sqlite_begin_reading", "BEGIN"};
constexpr Statement end_transaction{"sqlite_end_transaction", "COMMIT"};

/// Binds one value and returns the code of SQLite. Text and bytes are not copied.
struct Binder {
    sqlite3_stmt* statement;
    int place;

    int operator()(std::monostate) const { return sqlite3_bind_null(statement, place); }
    int operator()(bool value) const { return sqlite3_bind_int(statement, place, value ? 1 : 0); }
    int operator()(std::int64_t value) const { return sqlite3_bind_int64(statement, place, value); }
    int operator()(std::string_view text) const {
        char const* const chars = text.data() != nullptr ? text.data() : "";  // a null pointer would bind NULL
        return sqlite3_bind_text64(statement, place, chars, text.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    int operator()(Blob const& blob) const {
        if (blob.bytes.empty()) return sqlite3_bind_zeroblob(statement, place, 0);
        return sqlite3_bind_blob64(statement, place, blob.bytes.data(), blob.bytes.size(), SQLITE_STATIC);
    }
    int operator()(Uuid const& id) const {
        return sqlite3_bind_blob64(statement, place, id.bytes.data(), id.bytes.size(), SQLITE_STATIC);
    }
    int operator()(Timestamp time) const {
        return sqlite3_bind_int64(statement, place, time.time_since_epoch().count());
    }
};

bool may_be_the_connections_fault(int code) {
    switch (code & 0xff) {
        case SQLITE_IOERR:
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_CANTOPEN: return true;
        default: return false;
    }
}

}  // namespace

void SqliteConnection::Close::operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }

void SqliteConnection::Prepared::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
    sqlite3_finalize(statement);
}

SqliteConnection::SqliteConnection(std::filesystem::path const& path, Use use, std::chrono::milliseconds busy_timeout)
    : busy_timeout_(busy_timeout) {
    stop_memory_count();
    if (use == Use::create) create_private(path);
    sqlite3* opened = nullptr;
    // Readers are opened for writing too: after a crash, the first one recovers the WAL.
    int const code = sqlite3_open_v2(std::filesystem::absolute(path).c_str(), &opened,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    handle_.reset(opened);
    if (code != SQLITE_OK) fail("open " + path.string());
    configure(use);
}

SqliteConnection::~SqliteConnection() = default;

void SqliteConnection::configure(Use use) {
    sqlite3_busy_handler(handle(), &on_busy, this);
    sqlite3_wal_hook(handle(), &on_commit, this);  // replaces the checkpoints of SQLite itself
    sqlite3_db_config(handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle(), SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(handle(), SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    // Two MiB of cache for each connection.
    run_script("PRAGMA trusted_schema=OFF; PRAGMA cache_size=-2048; PRAGMA temp_store=MEMORY;");
    if (use == Use::read) {
        // Commits of other connections empty the cache of this one; the cache of the kernel stays warm.
        run_script("PRAGMA query_only=ON; PRAGMA mmap_size=67108864;");
    } else {
        enter_wal_mode();
        run_script("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA journal_size_limit=16777216;");
    }
}

void SqliteConnection::enter_wal_mode() {
    // The busy handler is not called here while another process does the same.
    auto const give_up_at = Clock::now() + busy_timeout_;
    while (sqlite3_exec(handle(), "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr) != SQLITE_OK) {
        bool const is_busy = (sqlite3_errcode(handle()) & 0xff) == SQLITE_BUSY;
        if (!is_busy || Clock::now() >= give_up_at) fail("set WAL mode");
        std::this_thread::sleep_for(5ms);
    }
}

int SqliteConnection::on_busy(void* self, int times_before) {
    auto& connection = *static_cast<SqliteConnection*>(self);
    auto const at = Clock::now();
    if (times_before == 0) {
        connection.deadline_ = connection.next_deadline_ != Clock::time_point{} ? connection.next_deadline_
                                                                                : at + connection.busy_timeout_;
        connection.next_deadline_ = {};
    }
    if (at >= connection.deadline_) return 0;
    auto const nap =
        std::min<Clock::duration>(std::chrono::milliseconds(std::min(times_before + 1, 10)), connection.deadline_ - at);
    std::this_thread::sleep_for(nap);
    return 1;
}

int SqliteConnection::on_commit(void* self, sqlite3*, char const*, int wal_frames) {
    static_cast<SqliteConnection*>(self)->wal_frames_ = static_cast<std::uint32_t>(wal_frames);
    return SQLITE_OK;
}

void SqliteConnection::fail(std::string_view doing) {
    int const code = sqlite3_extended_errcode(handle());
    broken_ = broken_ || may_be_the_connections_fault(code);
    throw_sqlite_error(handle(), doing);
}

SqliteConnection::Prepared::Prepared(sqlite3* connection, Statement const& statement) : sql_(statement.sql) {
    sqlite3_stmt* prepared = nullptr;
    int const code = sqlite3_prepare_v3(connection, sql_.data(), static_cast<int>(sql_.size()),
                                        SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
    handle_.reset(prepared);
    if (code != SQLITE_OK) throw_sqlite_error(connection, statement.name);
    read_only_ = sqlite3_stmt_readonly(prepared) != 0;

    int const count = sqlite3_bind_parameter_count(prepared);
    for (int place = 1; place <= count; ++place) {
        char const* const found = sqlite3_bind_parameter_name(prepared, place);
        std::string_view const name = found != nullptr ? found : "?";
        std::size_t number = 0;
        std::from_chars(name.data() + 1, name.data() + name.size(), number);
        if (!name.starts_with('$') || number == 0 || number > 100) {
            throw std::logic_error(std::string(statement.name) + ": parameters are $1, $2, …");
        }
        places_.resize(std::max(places_.size(), number));
        places_[number - 1] = place;
    }
}

void SqliteConnection::Prepared::bind(std::span<Value const> parameters) {
    if (parameters.size() != places_.size()) {
        throw std::logic_error("wrong number of parameters for: " + sql_);
    }
    for (std::size_t i = 0; i < places_.size(); ++i) {
        if (places_[i] == 0) continue;
        int const code = std::visit(Binder{handle_.get(), places_[i]}, parameters[i]);
        if (code != SQLITE_OK) throw_sqlite_error(sqlite3_db_handle(handle_.get()), "bind");
    }
}

SqliteConnection::Prepared& SqliteConnection::prepare(Statement const& statement) {
    auto found = prepared_.find(statement.name);
    if (found == prepared_.end()) {
        auto fresh = std::make_unique<Prepared>(handle(), statement);
        found = prepared_.emplace(statement.name, std::move(fresh)).first;
    } else if (found->second->sql_ != statement.sql) {
        throw std::logic_error("two statements have the name " + std::string(statement.name));
    }
    return *found->second;
}

Outcome SqliteConnection::execute(Prepared& prepared, std::span<Value const> parameters, OnRow const& on_row) {
    sqlite3_stmt* const statement = prepared.handle_.get();
    prepared.bind(parameters);
    ResetAtEnd const reset(statement);
    SqliteRow row(statement);
    std::uint64_t rows = 0;
    for (;;) {
        int const code = sqlite3_step(statement);
        if (code == SQLITE_ROW) {
            ++rows;
            row.advance();
            on_row(row);
            continue;
        }
        if (code == SQLITE_DONE) break;
        auto violation = parse_violation(sqlite3_extended_errcode(handle()), sqlite3_errmsg(handle()));
        if (violation) return std::move(*violation);
        fail(prepared.sql_);
    }
    if (prepared.read_only_ || sqlite3_column_count(statement) > 0) return rows;
    return static_cast<std::uint64_t>(sqlite3_changes64(handle()));
}

Outcome SqliteConnection::read(Prepared& prepared, std::span<Value const> parameters, OnRow const& on_row) {
    if (in_transaction()) {
        if (change_mark_.get() == read_mark_) return execute(prepared, parameters, on_row);
        end_reading();
    }
    auto const before = change_mark_.get();
    auto const frames = SqliteChangeMark::wal_frames(before);
    // A reader of a WAL that has been moved into the file completely reads the file, and does not block anything.
    bool const may_stay = frames < checkpoint_frames || frames == change_mark_.moved_frames();
    execute(begin_reading);
    Outcome outcome;
    try {
        outcome = execute(prepared, parameters, on_row);
    } catch (...) {
        end_reading();
        throw;
    }
    // The transaction began with the statement. What it sees is known only if nothing was committed meanwhile.
    if (before && may_stay && change_mark_.get() == before) {
        read_mark_ = before;
    } else {
        end_reading();
        change_mark_.attach(handle());
    }
    return outcome;
}

void SqliteConnection::end_reading() {
    if (in_transaction()) execute(end_transaction);
}

void SqliteConnection::execute(Statement const& statement) {
    OnRow const ignore = [](Row const&) {};
    execute(prepare(statement), {}, ignore).value();
}

void SqliteConnection::run_script(std::string const& sql) {
    if (sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail("run a script");
}

bool SqliteConnection::in_transaction() const noexcept { return sqlite3_get_autocommit(handle()) == 0; }

void SqliteConnection::checkpoint() noexcept {
    sqlite3_wal_checkpoint_v2(handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

}  // namespace clinikk::db
