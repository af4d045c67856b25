#pragma once

#include <cstddef>
#include <memory>

#include "app/settings.hpp"
#include "app/storage.hpp"
#include "app/system_clock.hpp"
#include "base/async/blocking_pool.hpp"
#include "base/log.hpp"
#include "db/database.hpp"
#include "domain/credentials.hpp"
#include "domain/unit_of_work.hpp"
#include "service/collector.hpp"
#include "service/content_service.hpp"

namespace clinikk::app {

/// How much the core is made for. As it stands: for a command, which does one thing at a time.
struct CoreSizes {
    std::size_t file_threads = 2;  ///< for what blocks on files
    std::size_t hash_threads = 1;  ///< for passwords
    std::size_t hash_places = 1;   ///< logins and registrations under way at once; see `make_password_hasher`
    std::size_t open_files = 1;    ///< objects of the disk that are kept open for the next request
    std::size_t loops = 0;         ///< that run `Database::serve_loop`
};

/// What the server and the commands have in common, each made once: the database, the stores, and the services that
/// both use. Members stand in the order in which they depend on each other. The log must outlive it.
class Core {
public:
    /// Opens everything. Throws with one line that says what is missing.
    Core(Settings const& settings_in, CoreSizes const& sizes, Log& log_in);
    Core(Core const&) = delete;
    Core& operator=(Core const&) = delete;

    /// Ends what is under way in the stores and on the threads, before the loops of those who wait for it are
    /// destroyed.
    void stop();

    Settings const settings;
    Log& log;
    SystemClock clock;
    BlockingPool file_pool;
    BlockingPool hash_pool;
    std::unique_ptr<db::Database> database;
    std::unique_ptr<UnitOfWork> work;
    std::unique_ptr<UnitOfWork> freeing_work;  ///< for those who free space, and those on their way there
    Storage storage;
    std::unique_ptr<PasswordHasher> hasher;
    ContentService contents;
    Collector collector;
};

/// What examines media, as the settings say. Starts programs: for those who need it. Throws as `make_media_inspector`.
std::unique_ptr<MediaInspector> make_inspector(Settings const& settings, Log& log);

}  // namespace clinikk::app
