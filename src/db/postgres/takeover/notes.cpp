#include "db/postgres/takeover/notes.hpp"

#include <array>

namespace clinikk::db {
namespace {

constexpr std::size_t told_findings = 1000;
constexpr std::int64_t batch = 5000;

}  // namespace

void PocNotes::add(std::string_view table, std::string_view id, std::string_view finding) {
    append_copy_row(rows_, std::array<std::optional<std::string_view>, 3>{table, id, finding});
    ++findings_.count;
    if (findings_.first.size() == told_findings) return;
    findings_.first.push_back(std::string(table) + ' ' + std::string(id) + ": " + std::string(finding));
}

void PocNotes::flush() {
    if (rows_.empty()) return;
    connection_.copy_in("COPY clinikk_poc.findings (table_name, id, finding) FROM STDIN", rows_);
    rows_.clear();
}

void for_each_poc_row(BlockingConnection& connection, std::string const& select,
                      BlockingConnection::OnTexts const& on_row, std::function<void()> const& after_batch) {
    connection.run_script("DECLARE poc_rows NO SCROLL CURSOR FOR " + select);
    std::int64_t rows = batch;
    while (rows == batch) {
        rows = 0;
        connection.read_rows("FETCH " + std::to_string(batch) + " FROM poc_rows", [&](BlockingConnection::Texts row) {
            ++rows;
            on_row(row);
        });
        after_batch();
    }
    connection.run_script("CLOSE poc_rows");
}

}  // namespace clinikk::db
