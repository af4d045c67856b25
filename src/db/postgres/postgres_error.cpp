#include "db/postgres/postgres_error.hpp"

#include <algorithm>

namespace clinikk::db {
namespace {

std::string_view field(PGresult const* result, int code) noexcept {
    auto const* const text = PQresultErrorField(result, code);
    return text ? std::string_view(text) : std::string_view{};
}

ConstraintViolation::Kind kind_of(std::string_view state) noexcept {
    if (state == "23505") return ConstraintViolation::Kind::unique;
    if (state == "23503") return ConstraintViolation::Kind::foreign_key;
    return ConstraintViolation::Kind::other;
}

}  // namespace

std::string one_line(std::string text) {
    while (text.ends_with('\n')) text.pop_back();
    std::ranges::replace(text, '\n', ' ');
    return text;
}

ConstraintViolation violation_or_throw(PGresult const* result, std::string_view statement) {
    auto const state = field(result, PG_DIAG_SQLSTATE);
    if (state.starts_with("23")) return {kind_of(state), std::string(field(result, PG_DIAG_CONSTRAINT_NAME))};
    auto const message = "PostgreSQL, " + std::string(statement) + ": " + std::string(state) + ' ' +
                         std::string(field(result, PG_DIAG_MESSAGE_PRIMARY));
    if (state == "40001" || state == "40P01") throw SerializationFailure(message);
    if (state == "08P01") throw std::logic_error(message);  // protocol violation: ours
    // No state: the connection broke. 26000: a statement that this connection did not prepare, because preparing failed
    // or a pooler sent it elsewhere. 58: the disk of the server fails. 25006: the server is read-only, as a standby is.
    if (state.empty() || state == "26000" || state.starts_with("08") || state.starts_with("53") ||
        state.starts_with("57") || state.starts_with("58") || state == "25006") {
        throw Unavailable(message);
    }
    throw std::runtime_error(message);
}

}  // namespace clinikk::db
