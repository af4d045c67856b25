#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "db/postgres/blocking_connection.hpp"
#include "db/postgres/takeover/adoption.hpp"

namespace clinikk::db {

/// Gathers findings in `clinikk_poc.findings`, and the first of them for those who wait.
class PocNotes {
public:
    explicit PocNotes(BlockingConnection& connection) : connection_(connection) {}

    /// `table` is `users` or `contents`, `id` the row's.
    void add(std::string_view table, std::string_view id, std::string_view finding);
    /// Between two statements: writes what was gathered.
    void flush();
    PocFindings findings() && { return std::move(findings_); }

private:
    BlockingConnection& connection_;
    PocFindings findings_;
    std::string rows_;
};

/// Walks through the rows of a SELECT in batches; `after_batch` may run statements.
void for_each_poc_row(BlockingConnection& connection, std::string const& select,
                      BlockingConnection::OnTexts const& on_row, std::function<void()> const& after_batch);

}  // namespace clinikk::db
