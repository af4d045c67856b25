#include "db/postgres/postgres_row.hpp"

#include <algorithm>
#include <stdexcept>

#include "db/postgres/postgres_error.hpp"

namespace clinikk::db {
namespace {

/// PostgreSQL counts microseconds from this moment.
constexpr Timestamp postgres_epoch = std::chrono::sys_days{std::chrono::year{2000} / 1 / 1};

void put_big_endian(char* out, std::int64_t number) noexcept {
    auto bits = static_cast<std::uint64_t>(number);
    for (std::size_t i = 8; i-- > 0; bits >>= 8) out[i] = static_cast<char>(bits);
}

std::int64_t get_big_endian(std::string_view bytes) noexcept {
    // The first bit is the sign.
    auto bits = (static_cast<unsigned char>(bytes.front()) & 0x80) != 0 ? ~std::uint64_t{0} : std::uint64_t{0};
    for (auto const byte : bytes) bits = bits << 8 | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(bits);
}

/// Writes a value in its binary format into `storage`, or points to where it is.
struct Encode {
    char* storage;

    std::string_view operator()(std::monostate) const { return {}; }
    std::string_view operator()(bool value) const {
        storage[0] = value ? 1 : 0;
        return {storage, 1};
    }
    std::string_view operator()(std::int64_t value) const {
        put_big_endian(storage, value);
        return {storage, 8};
    }
    std::string_view operator()(std::string_view text) const { return text.data() ? text : std::string_view(""); }
    std::string_view operator()(Blob blob) const { return (*this)(blob.bytes); }
    std::string_view operator()(Uuid const& id) const {
        std::ranges::copy(id.bytes, storage);
        return {storage, id.bytes.size()};
    }
    std::string_view operator()(Timestamp time) const {
        auto const since = time - postgres_epoch;
        return (*this)(static_cast<std::int64_t>(std::chrono::duration_cast<std::chrono::microseconds>(since).count()));
    }
};

}  // namespace

PostgresParameters::PostgresParameters(std::span<Value const> values)
    : storage_(values.size()), formats_(values.size(), 1) {
    pointers_.reserve(values.size());
    lengths_.reserve(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        auto const bytes = std::visit(Encode{storage_[i].data()}, values[i]);
        pointers_.push_back(bytes.data());
        lengths_.push_back(static_cast<int>(bytes.size()));
    }
}

bool PostgresRow::is_null(int column) const { return PQgetisnull(result_, row_, column) == 1; }

std::string_view PostgresRow::bytes(int column) const {
    return {PQgetvalue(result_, row_, column), static_cast<std::size_t>(PQgetlength(result_, row_, column))};
}

std::string_view PostgresRow::bytes(int column, std::size_t size) const {
    auto const found = bytes(column);
    if (found.size() != size) throw std::logic_error(std::string("another type in ") + PQfname(result_, column));
    return found;
}

bool PostgresRow::boolean(int column) const { return bytes(column, 1).front() != 0; }

std::int64_t PostgresRow::integer(int column) const {
    auto const found = bytes(column);
    // smallint, integer, bigint
    if (found.size() != 2 && found.size() != 4) return get_big_endian(bytes(column, 8));
    return get_big_endian(found);
}

std::string_view PostgresRow::text(int column) const { return bytes(column); }

std::string_view PostgresRow::blob(int column) const { return bytes(column); }

Uuid PostgresRow::uuid(int column) const {
    Uuid id;
    std::ranges::copy(bytes(column, id.bytes.size()), id.bytes.begin());
    return id;
}

Timestamp PostgresRow::time(int column) const {
    return postgres_epoch + std::chrono::microseconds(get_big_endian(bytes(column, 8)));
}

Outcome read_outcome(PGresult* result, std::string_view statement, OnRow const& on_row) {
    auto const status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK) {
        int const rows = PQntuples(result);
        for (int row = 0; row < rows; ++row) on_row(PostgresRow(result, row));
        return static_cast<std::uint64_t>(rows);
    }
    if (status == PGRES_COMMAND_OK) {
        std::string const changed = PQcmdTuples(result);
        return changed.empty() ? std::uint64_t{0} : std::stoull(changed);
    }
    return violation_or_throw(result, statement);
}

}  // namespace clinikk::db
