#include "db/postgres/await_postgres.hpp"

#include <libpq-fe.h>

#include <thread>

#include "db/postgres/blocking_connection.hpp"

namespace clinikk::db {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds pause{500};

/// Returns whether a server answers and has started, even if it refuses user and password.
bool is_up(std::string const& conninfo) {
    constexpr char const* keys[] = {"dbname", "connect_timeout", nullptr};
    char const* const values[] = {conninfo.c_str(), "5", nullptr};
    constexpr int expand_first = 1;
    return PQpingParams(keys, values, expand_first) == PQPING_OK;
}

}  // namespace

void await_postgres(std::string const& conninfo, std::chrono::seconds timeouts, Log& log) {
    auto const deadline = Clock::now() + timeouts;
    for (bool told = false;; std::this_thread::sleep_for(pause)) {
        // This must be asked first: if the server comes up in between, one more attempt follows.
        bool const up = is_up(conninfo);
        try {
            BlockingConnection const trial(conninfo);
            if (told) log.info("postgres.connected");
            return;
        } catch (Unavailable const& failure) {
            std::string const what = failure.what();
            if (up) throw Unavailable(what + " (correct DATABASE_URL or the POSTGRES settings)");
            if (Clock::now() >= deadline) {
                throw Unavailable(what + " (start it, or correct DATABASE_URL or the POSTGRES settings)");
            }
            if (!told) log.warning("postgres.awaited", {{"seconds", timeouts.count()}, {"error", what}});
            told = true;
        }
    }
}

}  // namespace clinikk::db
