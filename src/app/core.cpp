#include "app/core.hpp"

#include "app/open_database.hpp"
#include "app/process_name.hpp"
#include "db/unit_of_work.hpp"
#include "media/inspector.hpp"
#include "security/password_hasher.hpp"

namespace clinikk::app {

Core::Core(Settings const& settings_in, CoreSizes const& sizes, Log& log_in)
    : settings(settings_in),
      log(log_in),
      file_pool(sizes.file_threads),
      hash_pool(sizes.hash_threads),
      database(open_database(settings, sizes.loops, log)),
      work(db::make_unit_of_work(*database)),
      freeing_work(db::make_unit_of_work(database->with_reserve())),
      storage(settings, sizes.open_files, clock, file_pool, log),
      hasher(make_password_hasher(hash_pool, settings.password_cost, sizes.hash_places)),
      contents(*freeing_work, storage.object_stores(), clock, settings.uploads.default_visibility, log),
      collector(*freeing_work, storage.object_stores(), clock, settings.gc_grace, lease_holder(), log,
                settings.audit_retention) {}

void Core::stop() {
    storage.stop();
    file_pool.join();
    hash_pool.join();
}

std::unique_ptr<MediaInspector> make_inspector(Settings const& settings, Log& log) {
    auto options = settings.inspector;
    options.scratch = settings.data_dir / "tmp";
    return media::make_media_inspector(std::move(options), log);
}

}  // namespace clinikk::app
