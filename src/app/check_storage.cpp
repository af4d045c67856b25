#include "app/check_storage.hpp"

#include <algorithm>
#include <iostream>

#include "app/open_database.hpp"
#include "app/run_to_end.hpp"
#include "app/storage.hpp"
#include "app/system_clock.hpp"
#include "base/async/blocking_pool.hpp"
#include "storage/storage_check.hpp"

namespace clinikk::app {

int check_storage(Settings const& settings, std::vector<std::string> origins) {
    // The report of the steps says everything; log lines of retries would only repeat it.
    Log log(std::max(settings.log_level, LogLevel::error), settings.log_format);
    make_data_dir(settings.data_dir);
    BlockingPool pool(2);
    SystemClock clock;
    Storage storage(settings, 1, clock, pool, log);
    auto& store = storage.object_stores().current();
    if (origins.empty()) {
        origins = settings.pipeline.cors_origins;
        std::erase(origins, "*");
    }
    std::cout << "store " << store.name() << (store.bucket().empty() ? "" : ", bucket ") << store.bucket() << '\n';
    StorageCheck check(store, storage.http(), [](std::string_view step, std::string_view fault) {
        std::cout << (fault.empty() ? "ok      " : "FAILED  ") << step << (fault.empty() ? "" : ": ") << fault << '\n';
    });
    bool const is_well = run_to_end(check.run(std::move(origins)));
    return is_well ? 0 : 1;
}

}  // namespace clinikk::app
