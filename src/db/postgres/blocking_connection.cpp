#include "db/postgres/blocking_connection.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "db/postgres/postgres_error.hpp"

namespace clinikk::db {
namespace {

void append_escaped(std::string& rows, std::string_view text) {
    for (char const c : text) {
        switch (c) {
            case '\\': rows += "\\\\"; break;
            case '\t': rows += "\\t"; break;
            case '\n': rows += "\\n"; break;
            case '\r': rows += "\\r"; break;
            default: rows += c;
        }
    }
}

}  // namespace

BlockingConnection::BlockingConnection(std::string const& conninfo) {
    constexpr char const* keys[] = {"dbname",          "connect_timeout", "application_name",
                                    "client_encoding", "options",         nullptr};
    char const* const values[] = {conninfo.c_str(),
                                  "5",
                                  "clinikk-tv",
                                  "UTF8",
                                  "-c statement_timeout=0 -c timezone=UTC -c client_min_messages=error",
                                  nullptr};
    constexpr int expand_first = 1;
    handle_.reset(PQconnectdbParams(keys, values, expand_first));
    if (PQstatus(handle_.get()) == CONNECTION_OK) return;
    throw Unavailable("PostgreSQL: " + one_line(PQerrorMessage(handle_.get())));
}

void BlockingConnection::expect(PGresult const* result, bool as_expected) const {
    if (as_expected) return;
    if (result == nullptr) throw Unavailable("PostgreSQL: " + one_line(PQerrorMessage(handle_.get())));
    auto const violation = violation_or_throw(result, "script");
    throw std::runtime_error("a script violated " + violation.constraint);
}

PostgresResult BlockingConnection::run(std::string const& sql) {
    PostgresResult result(PQexec(handle_.get(), sql.c_str()));
    auto const status = PQresultStatus(result.get());
    expect(result.get(), status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK);
    return result;
}

void BlockingConnection::run_script(std::string const& sql) { run(sql); }

std::int64_t BlockingConnection::read_number(std::string const& sql) {
    auto const result = run(sql);
    if (PQntuples(result.get()) != 1) throw std::logic_error("no number: " + sql);
    return std::stoll(PQgetvalue(result.get(), 0, 0));
}

void BlockingConnection::read_rows(std::string const& sql, OnTexts const& on_row) {
    auto const result = run(sql);
    std::vector<std::optional<std::string_view>> row(static_cast<std::size_t>(PQnfields(result.get())));
    for (int line = 0; line < PQntuples(result.get()); ++line) {
        for (int column = 0; column < PQnfields(result.get()); ++column) {
            auto& text = row[static_cast<std::size_t>(column)];
            text.reset();
            if (PQgetisnull(result.get(), line, column) != 0) continue;
            text.emplace(PQgetvalue(result.get(), line, column),
                         static_cast<std::size_t>(PQgetlength(result.get(), line, column)));
        }
        on_row(row);
    }
}

void BlockingConnection::copy_in(std::string const& statement, std::string_view rows) {
    PostgresResult const begun(PQexec(handle_.get(), statement.c_str()));
    expect(begun.get(), PQresultStatus(begun.get()) == PGRES_COPY_IN);
    constexpr std::size_t piece = 1 << 20;
    for (; !rows.empty(); rows.remove_prefix(std::min(piece, rows.size()))) {
        auto const length = static_cast<int>(std::min(piece, rows.size()));
        if (PQputCopyData(handle_.get(), rows.data(), length) != 1) break;
    }
    PQputCopyEnd(handle_.get(), rows.empty() ? nullptr : "broken off");
    PostgresResult const ended(PQgetResult(handle_.get()));
    while (PostgresResult(PQgetResult(handle_.get()))) {
    }
    expect(ended.get(), PQresultStatus(ended.get()) == PGRES_COMMAND_OK);
}

void append_copy_row(std::string& rows, std::span<std::optional<std::string_view> const> fields) {
    for (auto const& field : fields) {
        if (field) {
            append_escaped(rows, *field);
        } else {
            rows += "\\N";
        }
        rows += &field == &fields.back() ? '\n' : '\t';
    }
}

}  // namespace clinikk::db
