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

/// A connection for the start of the program, when there is no loop yet: every call blocks. All throw `Unavailable`
/// when the server cannot be reached or goes away, and as `violation_or_throw` when it refuses.
class BlockingConnection {
public:
    /// A row in text form, NULLs empty; the views are valid while the callback runs.
    using Texts = std::span<std::optional<std::string_view> const>;
    using OnTexts = std::function<void(Texts row)>;

    /// `conninfo` is libpq's, a URL or pairs. Statements may take as long as they like.
    explicit BlockingConnection(std::string const& conninfo);

    /// Any number of statements without parameters.
    void run_script(std::string const& sql);
    /// The one number that a statement selects.
    std::int64_t read_number(std::string const& sql);
    /// All rows of a statement.
    void read_rows(std::string const& sql, OnTexts const& on_row);
    /// Sends rows in COPY's text format by a COPY … FROM STDIN.
    void copy_in(std::string const& statement, std::string_view rows);

private:
    struct Finish {
        void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
    };
    PostgresResult run(std::string const& sql);
    void expect(PGresult const* result, bool as_expected) const;

    std::unique_ptr<PGconn, Finish> handle_;
};

/// Appends a row in COPY's text format; empty fields are NULL. Source: PostgreSQL documentation, COPY, "Text Format".
void append_copy_row(std::string& rows, std::span<std::optional<std::string_view> const> fields);

}  // namespace clinikk::db
