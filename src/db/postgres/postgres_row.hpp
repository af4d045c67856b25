#pragma once

#include <boost/container/small_vector.hpp>
#include <libpq-fe.h>

#include <array>
#include <cstddef>
#include <span>

#include "db/database.hpp"

namespace clinikk::db {

/// Parameters in the binary formats of their types (bigint, boolean, text, bytea, uuid, timestamptz). Numbers are
/// stored here; texts stay where they are.
class PostgresParameters {
public:
    explicit PostgresParameters(std::span<Value const> values);

    int count() const noexcept { return static_cast<int>(pointers_.size()); }
    char const* const* pointers() const noexcept { return pointers_.data(); }
    int const* lengths() const noexcept { return lengths_.data(); }
    int const* formats() const noexcept { return formats_.data(); }

private:
    template <class T>
    using Few = boost::container::small_vector<T, 4>;  // the parameters of a point read need no allocation

    Few<std::array<char, 16>> storage_;
    Few<char const*> pointers_;
    Few<int> lengths_;
    Few<int> formats_;
};

/// A row of a binary result.
class PostgresRow final : public Row {
public:
    PostgresRow(PGresult const* result, int row) : result_(result), row_(row) {}

    bool is_null(int column) const override;
    bool boolean(int column) const override;
    std::int64_t integer(int column) const override;
    std::string_view text(int column) const override;
    std::string_view blob(int column) const override;
    Uuid uuid(int column) const override;
    Timestamp time(int column) const override;

private:
    std::string_view bytes(int column) const;
    std::string_view bytes(int column, std::size_t size) const;

    PGresult const* result_;
    int row_;
};

/// Reads the binary result of a statement: rows go to `on_row`; failures are handled as in `violation_or_throw`.
Outcome read_outcome(PGresult* result, std::string_view statement, OnRow const& on_row);

}  // namespace clinikk::db
