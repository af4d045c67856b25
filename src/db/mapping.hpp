#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/described.hpp"
#include "base/sha256.hpp"
#include "db/database.hpp"
#include "db/enum_text.hpp"
#include "domain/changes.hpp"

/// Converts between rows and described structs, and runs the three forms of a query. The columns of a struct have the
/// names of its members.
namespace clinikk::db {

/// Text that is put together at compile time, for statements that share a list of columns.
template <std::size_t N>
struct SqlText {
    std::array<char, N> chars{};
    constexpr operator std::string_view() const { return {chars.data(), N}; }
};

namespace detail {

template <std::size_t N>
constexpr std::string_view view(char const (&text)[N]) {
    return {text, N - 1};
}
template <std::size_t N>
constexpr std::string_view view(SqlText<N> const& text) {
    return text;
}

template <class Part>
inline constexpr std::size_t size_of = 0;
template <std::size_t N>
inline constexpr std::size_t size_of<char[N]> = N - 1;
template <std::size_t N>
inline constexpr std::size_t size_of<SqlText<N>> = N;

/// Text that is written at compile time. It is not a std::string, because Clang does not accept that of GCC 12 as a
/// constant.
class SqlWriter {
public:
    constexpr SqlWriter& operator+=(std::string_view text) {
        for (char const c : text) *this += c;
        return *this;
    }
    constexpr SqlWriter& operator+=(char c) {
        chars_.at(size_++) = c;
        return *this;
    }
    constexpr bool empty() const { return size_ == 0; }
    constexpr std::size_t size() const { return size_; }
    constexpr std::string_view text() const { return {chars_.data(), size_}; }

private:
    std::array<char, 4096> chars_{};
    std::size_t size_ = 0;
};

/// The text that `Write` writes, as a constant.
template <auto Write>
consteval auto written() {
    SqlText<Write().size()> text;
    auto const writer = Write();
    std::ranges::copy(writer.text(), text.chars.begin());
    return text;
}

constexpr void append_number(SqlWriter& text, std::size_t number) {
    if (number >= 10) append_number(text, number / 10);
    text += static_cast<char>('0' + number % 10);
}

constexpr void append_placeholder(SqlWriter& text, std::size_t number) {
    text += '$';
    append_number(text, number);
}

constexpr void append_column(SqlWriter& text, std::string_view member) {
    // OFFSET is a reserved word. Quoting every name would hide misspelt ones: SQLite takes them for text.
    bool const reserved = member == "offset";
    if (reserved) text += '"';
    text += member;
    if (reserved) text += '"';
}

}  // namespace detail

template <class... Parts>
consteval auto sql_text(Parts const&... parts) {
    SqlText<(0 + ... + detail::size_of<Parts>)> text;
    auto out = text.chars.begin();
    ((out = std::ranges::copy(detail::view(parts), out).out), ...);
    return text;
}

/// The prefix of the name of a column in a statement that joins tables: `o.`. Specialised for structs of joined
/// columns.
template <class T>
inline constexpr auto column_prefix = [](std::string_view /*member*/) -> std::string_view { return {}; };

namespace detail {

template <class T>
constexpr SqlWriter write_columns() {
    SqlWriter text;
    for_each_member<T>([&](auto member) {
        if (!text.empty()) text += ", ";
        text += column_prefix<T>(member.name);
        append_column(text, member.name);
    });
    return text;
}

template <std::size_t First, std::size_t Count>
constexpr SqlWriter write_placeholders() {
    SqlWriter text;
    for (auto number = First; number < First + Count; ++number) {
        if (!text.empty()) text += ", ";
        append_placeholder(text, number);
    }
    return text;
}

template <class T, std::size_t First>
constexpr SqlWriter write_assigned_columns() {
    SqlWriter text;
    auto number = First;
    for_each_member<T>([&](auto member) {
        if (!text.empty()) text += ", ";
        append_column(text, member.name);
        text += " = ";
        append_placeholder(text, number++);
    });
    return text;
}

template <class T, std::size_t First>
constexpr SqlWriter write_changed_columns() {
    SqlWriter text;
    auto number = First;
    for_each_member<T>([&](auto member) {
        if (!text.empty()) text += ", ";
        append_column(text, member.name);
        text += " = CASE WHEN ";
        append_placeholder(text, number);
        text += " THEN ";
        append_placeholder(text, number + 1);
        text += " ELSE ";
        append_column(text, member.name);
        text += " END";
        number += 2;
    });
    return text;
}

}  // namespace detail

/// `id, title, …`: all columns of a struct.
template <DescribedStruct T>
inline constexpr auto columns = detail::written<detail::write_columns<T>>();

/// `$1, $2, …`: a placeholder for each column.
template <DescribedStruct T>
inline constexpr auto placeholders = detail::written<detail::write_placeholders<1, member_count<T>>>();

/// `title = $2, …`: what `to_values` fills, from the placeholder `First` on.
template <DescribedStruct T, std::size_t First>
inline constexpr auto assigned_columns = detail::written<detail::write_assigned_columns<T, First>>();

/// `title = CASE WHEN $2 THEN $3 ELSE title END, …`: what `change_values` fills, from the placeholder `First` on.
template <DescribedStruct T, std::size_t First>
inline constexpr auto changed_columns = detail::written<detail::write_changed_columns<T, First>>();

/// `INSERT INTO <table> (…) VALUES (…)`, for `to_values`.
template <DescribedStruct T, std::size_t N>
consteval auto insert_into(char const (&table)[N]) {
    return sql_text("INSERT INTO ", table, " (", columns<T>, ") VALUES (", placeholders<T>, ")");
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
inline Value to_value(DescribedEnum auto value) { return enum_to_text(value); }
template <class T>
Value to_value(std::optional<T> const& value) {
    return value ? to_value(*value) : Value{};
}

// Parameters are temporaries of co_await expressions, and GCC 12 destroys such aggregates twice.
static_assert(std::is_trivially_destructible_v<Value>);

/// All members of a struct as parameters `$1`, `$2`, … They are views of the struct.
template <DescribedStruct T>
auto to_values(T const& value) {
    std::array<Value, member_count<T>> values;
    auto next = values.begin();
    for_each_member<T>([&](auto member) { *next++ = to_value(value.*member.pointer); });
    return values;
}

/// The parameters of `changed_columns`: for each member whether it is set, and its value. They are views of the
/// changes.
template <DescribedStruct T>
auto change_values(Changes<T> const& changes) {
    std::array<Value, 2 * member_count<T>> values;
    std::size_t index = 0;
    for_each_member<T>([&](auto member) {
        values[2 * index] = changes.is_set(index);
        values[2 * index + 1] = to_value(changes.values().*member.pointer);
        ++index;
    });
    return values;
}

/// Parameters followed by other parameters.
template <std::size_t... N>
auto join_values(std::array<Value, N> const&... parts) {
    std::array<Value, (0 + ... + N)> values;
    auto out = values.begin();
    ((out = std::ranges::copy(parts, out).out), ...);
    return values;
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
inline void read_column(Row const& row, int column, DescribedEnum auto& out) {
    out = enum_from_text<std::remove_reference_t<decltype(out)>>(row.text(column));
}
template <class T>
void read_column(Row const& row, int column, std::optional<T>& out) {
    if (!row.is_null(column)) read_column(row, column, out.emplace());
}

/// Reads the columns of a described struct, or the one column of any other type, into `value`, which must be new.
template <class T>
void read_row(Row const& row, T& value) {
    if constexpr (DescribedStruct<T>) {
        int column = 0;
        for_each_member<T>([&](auto member) { read_column(row, column++, value.*member.pointer); });
    } else {
        read_column(row, 0, value);
    }
}

/// Runs a statement that cannot violate a constraint. Returns how many rows it changed or returned.
template <std::size_t N>
Task<std::uint64_t> execute(Session& session, Statement const& statement, std::array<Value, N> parameters) {
    OnRow const ignore = [](Row const&) {};
    auto const outcome = co_await session.run(statement, parameters, ignore);
    co_return outcome.value();
}

/// As `execute`, but returns the row if there is one.
template <class T, std::size_t N>
Task<std::optional<T>> find_one(Session& session, Statement const& statement, std::array<Value, N> parameters) {
    std::optional<T> found;
    OnRow const on_row = [&found](Row const& row) { read_row(row, found.emplace()); };
    auto const outcome = co_await session.run(statement, parameters, on_row);
    outcome.value();
    co_return found;
}

/// As `execute`, but returns all rows. `expected` is the number of rows to reserve memory for.
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

/// As `execute`, but returns the one number that it selects.
template <std::size_t N>
Task<std::int64_t> get_number(Session& session, Statement const& statement, std::array<Value, N> parameters) {
    std::optional<std::int64_t> found = co_await find_one<std::int64_t>(session, statement, parameters);
    co_return found.value();
}

}  // namespace clinikk::db
