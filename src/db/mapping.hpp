#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/sha256.hpp"
#include "db/database.hpp"
#include "db/enum_text.hpp"

/// Rows to structs and back, and the three shapes of a query.
namespace clinikk::db {

/// What a struct's row looks like, specialised for each:
/// - `columns`: the column list, as it stands in SQL,
/// - `members(value)`: references to the members in the order of `columns`.
template <class T>
struct Mapping;

/// Text put together at compile time, for statements that share a column list.
template <std::size_t N>
struct SqlText {
    std::array<char, N> chars{};
    constexpr operator std::string_view() const { return {chars.data(), N}; }
};

template <std::size_t... N>
consteval auto sql_text(char const (&... parts)[N]) {
    SqlText<(0 + ... + (N - 1))> text;
    auto out = text.chars.begin();
    ((out = std::copy_n(parts, N - 1, out)), ...);
    return text;
}

inline Value to_value(std::same_as<bool> auto value) { return value; }  // no pointer shall become one
inline Value to_value(std::int64_t value) { return value; }
inline Value to_value(std::uint64_t value) { return static_cast<std::int64_t>(value); }
inline Value to_value(std::string const& value) { return std::string_view(value); }
inline Value to_value(std::string_view value) { return value; }
inline Value to_value(Uuid const& value) { return value; }
inline Value to_value(Timestamp value) { return value; }
inline Value to_value(Sha256Digest const& value) {
    return Blob{std::string_view(reinterpret_cast<char const*>(value.data()), value.size())};
}
inline Value to_value(StoredEnum auto value) { return enum_to_text(value); }
template <class T>
Value to_value(std::optional<T> const& value) {
    return value ? to_value(*value) : Value{};
}

// Parameters are temporaries of co_await expressions; GCC 12 destroys such aggregates twice.
static_assert(std::is_trivially_destructible_v<Value>);

/// All members of a struct as parameters `$1`, `$2`, … They view the struct.
template <class T>
auto to_values(T const& value) {
    return std::apply([](auto const&... member) { return std::array<Value, sizeof...(member)>{to_value(member)...}; },
                      Mapping<T>::members(value));
}

inline void read_column(Row const& row, int column, bool& out) { out = row.boolean(column); }
inline void read_column(Row const& row, int column, std::int64_t& out) { out = row.integer(column); }
inline void read_column(Row const& row, int column, std::uint64_t& out) {
    out = static_cast<std::uint64_t>(row.integer(column));
}
inline void read_column(Row const& row, int column, std::string& out) { out = std::string(row.text(column)); }
inline void read_column(Row const& row, int column, Uuid& out) { out = row.uuid(column); }
inline void read_column(Row const& row, int column, Timestamp& out) { out = row.time(column); }
inline void read_column(Row const& row, int column, Sha256Digest& out) {
    auto const bytes = row.blob(column);
    if (bytes.size() != out.size()) throw std::runtime_error("a stored SHA-256 has not 32 bytes");
    std::ranges::copy(bytes, out.begin());
}
inline void read_column(Row const& row, int column, StoredEnum auto& out) {
    out = enum_from_text<std::remove_reference_t<decltype(out)>>(row.text(column));
}
template <class T>
void read_column(Row const& row, int column, std::optional<T>& out) {
    if (!row.is_null(column)) read_column(row, column, out.emplace());
}

/// Reads the columns of `Mapping<T>` into `value`, which is fresh.
template <class T>
void read_row(Row const& row, T& value) {
    std::apply([&row, column = 0](auto&... member) mutable { (read_column(row, column++, member), ...); },
               Mapping<T>::members(value));
}

/// One number.
template <>
struct Mapping<std::int64_t> {
    static auto members(std::int64_t& value) { return std::tie(value); }
};

/// Runs a statement that must not violate a constraint; how many rows it changed or returned.
template <std::size_t N>
Task<std::uint64_t> execute(Session& session, Statement const& statement, std::array<Value, N> parameters) {
    OnRow const ignore = [](Row const&) {};
    auto const outcome = co_await session.run(statement, parameters, ignore);
    co_return outcome.value();
}

/// As `execute`; the row, where there is one.
template <class T, std::size_t N>
Task<std::optional<T>> find_one(Session& session, Statement const& statement, std::array<Value, N> parameters) {
    std::optional<T> found;
    OnRow const on_row = [&found](Row const& row) { read_row(row, found.emplace()); };
    auto const outcome = co_await session.run(statement, parameters, on_row);
    outcome.value();
    co_return found;
}

/// As `execute`; all rows. `expected` is how many are reserved for.
template <class T, std::size_t N>
Task<std::vector<T>> find_all(Session& session, Statement const& statement, std::array<Value, N> parameters,
                              std::size_t expected = 0) {
    std::vector<T> found;
    found.reserve(expected);
    OnRow const on_row = [&found](Row const& row) { read_row(row, found.emplace_back()); };
    auto const outcome = co_await session.run(statement, parameters, on_row);
    outcome.value();
    co_return found;
}

/// As `execute`; the one number it selects.
template <std::size_t N>
Task<std::int64_t> get_number(Session& session, Statement const& statement, std::array<Value, N> parameters) {
    std::optional<std::int64_t> found = co_await find_one<std::int64_t>(session, statement, parameters);
    co_return found.value();
}

}  // namespace clinikk::db
