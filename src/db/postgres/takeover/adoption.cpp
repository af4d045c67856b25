#include "db/postgres/takeover/adoption.hpp"

#include "db/postgres/blocking_connection.hpp"
#include "db/postgres/takeover/contents.hpp"
#include "db/postgres/takeover/sql.hpp"
#include "db/postgres/takeover/users.hpp"

namespace clinikk::db {

void PocFindings::tell(Log& log, AdoptionReport const& report) const {
    log.info("poc.adopted", {{"users", users}, {"contents", contents}, {"objects", objects}, {"findings", count}});
    for (auto const& line : first) log.warning("poc.problem_found", {{"finding", line}});
    if (!report) return;
    report("took over " + std::to_string(users) + " users and " + std::to_string(contents) + " contents with " +
           std::to_string(objects) + " objects; " + std::to_string(count) + " findings");
    for (auto const& line : first) report(line);
    if (std::ssize(first) < count) report("… all findings stand in the table clinikk_poc.findings");
    report(
        "the old tables stand in the schema clinikk_poc as they were; drop it when nothing of it is needed any more");
}

void set_poc_tables_aside(BlockingConnection& connection) {
    try {
        connection.run_script("SET LOCAL lock_timeout = '10s'; LOCK TABLE users, contents IN ACCESS EXCLUSIVE MODE");
    } catch (std::runtime_error const& failure) {
        throw Unavailable("the tables of the proof of concept cannot be locked; stop its processes first (" +
                          std::string(failure.what()) + ")");
    }
    connection.run_script(sql::set_tables_aside);
}

PocFindings adopt_poc(BlockingConnection& connection) {
    PocNotes notes(connection);
    adopt_poc_users(connection, notes);
    adopt_poc_contents(connection, notes);
    notes.flush();
    auto findings = std::move(notes).findings();
    findings.users = connection.read_number("SELECT COUNT(*) FROM users");
    findings.contents = connection.read_number("SELECT COUNT(*) FROM contents");
    findings.objects = connection.read_number("SELECT COUNT(*) FROM objects");
    // The planner has no statistics of these tables yet.
    connection.run_script("ANALYZE users, contents, objects, content_objects");
    return findings;
}

}  // namespace clinikk::db
