#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "db/postgres/blocking_connection.hpp"
#include "db/postgres/takeover/adoption.hpp"

namespace clinikk::db {

/// Collects findings in `clinikk_poc.findings`, and the first of them for the operator.
class PocNotes {
public:
    explicit PocNotes(BlockingConnection& connection) : connection_(connection) {}

    /// `table` is `users` or `contents`; `id` is that of the row.
    void add(std::string_view table, std::string_view id, std::string_view finding);
    /// Writes what was collected. Call it between two statements.
    void flush();
    PocFindings findings() && { return std::move(findings_); }

private:
    BlockingConnection& connection_;
    PocFindings findings_;
    std::string rows_;
};

/// Reads the rows of a SELECT in batches; `after_batch` may run statements.
void for_each_poc_row(BlockingConnection& connection, std::string const& select,
                      BlockingConnection::OnTexts const& on_row, std::function<void()> const& after_batch);

}  // namespace clinikk::db
