#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "domain/media.hpp"
#include "domain/object_store.hpp"
#include "domain/unit_of_work.hpp"
#include "http/endpoint_table.hpp"

namespace clinikk::api {

/// What the health operations look at.
struct HealthSubjects {
    UnitOfWork& work;
    std::string database_driver;  ///< `sqlite` or `postgres`
    ObjectStore& objects;
    MediaInspector& inspector;
    std::function<bool()> ready;  ///< false while starting or draining; thread-safe
    Log& log;
};

/// Adds `/health…`: alive, ready, and what of what it needs is up. Tells no hosts and no versions.
class HealthApi {
public:
    explicit HealthApi(HealthSubjects subjects);
    HealthApi(HealthApi const&) = delete;
    HealthApi& operator=(HealthApi const&) = delete;
    ~HealthApi();

    /// Without an `api` the operations are only described.
    static void add_to(http::EndpointTable& table, HealthApi* api);

private:
    class Handlers;
    std::unique_ptr<Handlers> handlers_;
};

}  // namespace clinikk::api
