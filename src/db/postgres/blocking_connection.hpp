#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "db/postgres/postgres_error.hpp"

namespace clinikk::db {

/// A connection for the start of the program, when there is no event loop yet: every call blocks. All functions throw
/// `Unavailable` when the server cannot be reached or goes away, and as `violation_or_throw` when it refuses.
class BlockingConnection {
public:
    /// A row in text form, with NULLs as empty optionals. The views are valid while the callback runs.
    using Texts = std::span<std::optional<std::string_view> const>;
    using OnTexts = std::function<void(Texts row)>;

    /// `conninfo` is a connection string of libpq, a URL or pairs. Statements have no time limit.
    explicit BlockingConnection(std::string const& conninfo);

    /// Runs any number of statements without parameters.
    void run_script(std::string const& sql);
    /// Returns the one number that a statement selects.
    std::int64_t read_number(std::string const& sql);
    /// Calls back for each row of a statement.
    void read_rows(std::string const& sql, OnTexts const& on_row);
    /// Sends rows in the text format of COPY by a COPY … FROM STDIN.
    void copy_in(std::string const& statement, std::string_view rows);

private:
    struct Finish {
        void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
    };
    PostgresResult run(std::string const& sql);
    void expect(PGresult const* result, bool as_expected) const;

    std::unique_ptr<PGconn, Finish> handle_;
};

/// Appends a row in the text format of COPY; empty fields are NULL. Source: PostgreSQL documentation, COPY, "Text
/// Format".
void append_copy_row(std::string& rows, std::span<std::optional<std::string_view> const> fields);

}  // namespace clinikk::db
