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

/// The size of the core. The defaults are for a command, which does one thing at a time.
struct CoreSizes {
    std::size_t file_threads = 2;  ///< for work that blocks on files
    std::size_t hash_threads = 1;  ///< for passwords
    std::size_t hash_places = 1;   ///< passwords that are hashed or wait for it; see `make_password_hasher`
    std::size_t open_files = 1;    ///< objects of the disk that are kept open for the next request
    std::size_t loops = 0;         ///< event loops that run `Database::serve_loop`
};

/// What the server and the commands have in common, each made once: the database, the object stores, and the services
/// that both use. The members are in the order of their dependencies. The log must outlive it.
class Core {
public:
    /// Opens everything. Throws with one line that states what is missing.
    Core(Settings const& settings_in, CoreSizes const& sizes, Log& log_in);
    Core(Core const&) = delete;
    Core& operator=(Core const&) = delete;

    /// Ends the work under way in the stores and on the threads. Call it before the loops of the coroutines that wait
    /// for that work are destroyed.
    void stop();

    Settings const settings;
    Log& log;
    SystemClock clock;
    BlockingPool file_pool;
    BlockingPool hash_pool;
    std::unique_ptr<db::Database> database;
    std::unique_ptr<UnitOfWork> work;
    std::unique_ptr<UnitOfWork> freeing_work;  ///< for operations that free space or lead to that
    Storage storage;
    std::unique_ptr<PasswordHasher> hasher;
    ContentService contents;
    Collector collector;
};

/// The inspector that the settings describe. It starts programs, so only those who need it make one. Throws as
/// `make_media_inspector`.
std::unique_ptr<MediaInspector> make_inspector(Settings const& settings, Log& log);

}  // namespace clinikk::app
