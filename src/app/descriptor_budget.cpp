#include "app/descriptor_budget.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <system_error>

#include "http/server/server.hpp"

namespace clinikk::app {
namespace {

/// Standard streams, signals, directories, locks, the secret, the loop of libcurl, and what background tasks open now
/// and then. An idle process has about fifteen of them.
constexpr std::size_t of_the_process = 32;
/// The event loop (three), the listener, a connection between being accepted and refused, and refused connections.
constexpr std::size_t per_thread = 5 + http::Server::max_turned_away;
/// A job for the disk: a directory, and the source and target of a copy.
constexpr std::size_t per_file_job = 3;
/// SQLite: the file and its WAL for each connection.
constexpr std::size_t per_sqlite_connection = 2;
/// A connection to PostgreSQL, and what the resolution of a name opens meanwhile.
constexpr std::size_t per_postgres_connection = 2;
/// Pipes, handles and copies of descriptors for a child that examines a file.
constexpr std::size_t per_probe = 12;
/// The smallest part of an upload to a bucket, which bounds how many are under way at once.
constexpr std::size_t smallest_part = std::size_t{8} << 20U;
/// The socket, and what its request holds at the same time: for an upload the file of the object and that of the probe;
/// for a download the file of the object, or the connection from which it is fetched.
constexpr std::size_t per_connection = 3;

constexpr std::size_t most_open_files = 256;
/// The share of the limit that may be used when the limit is low.
constexpr std::size_t share_of_open_files = 16;
constexpr std::size_t fewest_connections = 8;

/// What the process needs, whatever clients do.
std::size_t put_aside(Settings const& settings) {
    auto const threads = settings.server.threads;
    std::size_t const database = settings.database.is_postgres()
                                     ? settings.database.postgres.max_connections * per_postgres_connection
                                     : (threads + 2) * per_sqlite_connection;
    std::size_t const bucket =
        settings.storage.has_bucket() ? settings.storage.upload_memory / smallest_part + of_the_process : 0;
    return of_the_process + threads * per_thread + file_threads(settings) * per_file_job + database +
           settings.inspector.concurrency * per_probe + bucket;
}

}  // namespace

std::size_t file_threads(Settings const& settings) noexcept {
    return std::max<std::size_t>(4, settings.server.threads);
}

DescriptorBudget allocate_descriptors(Settings const& settings, std::size_t limit) {
    DescriptorBudget budget;
    budget.limit = limit;
    budget.open_files = std::min(most_open_files, limit / share_of_open_files);
    auto const aside = put_aside(settings) + budget.open_files;
    auto const possible = limit > aside ? (limit - aside) / per_connection : 0;
    if (possible < fewest_connections) {
        throw SettingError("the limit of " + std::to_string(limit) +
                           " open files (ulimit -n) is too low to serve: " + std::to_string(put_aside(settings)) +
                           " are needed beside connections; raise it, or lower THREADS and PROBE_CONCURRENCY");
    }
    budget.connections = std::min(settings.server.max_connections, possible);
    return budget;
}

std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) throw std::system_error(errno, std::generic_category(), "getrlimit");
    auto const before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return static_cast<std::size_t>(::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : before);
}

}  // namespace clinikk::app
