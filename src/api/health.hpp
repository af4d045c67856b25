#pragma once

#include <boost/describe/class.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/services.hpp"

/// `/health`: whether the service is alive, whether it is ready for requests, and which of its dependencies work. It
/// reveals no hosts and no versions.
namespace clinikk::api {

struct HealthView {
    static constexpr std::string_view schema_name = "Health";
    std::string_view status;
};
BOOST_DESCRIBE_STRUCT(HealthView, (), (status))

struct DatabaseHealth {
    static constexpr std::string_view schema_name = "DatabaseHealth";
    std::string_view status;
    std::optional<std::string> reason;  ///< why it is not healthy
    std::string driver;
    std::int64_t latency_ms;
};
BOOST_DESCRIBE_STRUCT(DatabaseHealth, (), (status, reason, driver, latency_ms))

struct StorageHealth {
    static constexpr std::string_view schema_name = "StorageHealth";
    std::string_view status;
    std::optional<std::string> reason;
    std::string_view provider;
    std::int64_t latency_ms;
};
BOOST_DESCRIBE_STRUCT(StorageHealth, (), (status, reason, provider, latency_ms))

struct SandboxHealth {
    static constexpr std::string_view schema_name = "SandboxHealth";
    std::string_view confinement;
};
BOOST_DESCRIBE_STRUCT(SandboxHealth, (), (confinement))

struct DetailedHealth {
    static constexpr std::string_view schema_name = "DetailedHealth";
    std::string_view status;
    DatabaseHealth database;
    StorageHealth storage;
    SandboxHealth sandbox;
};
BOOST_DESCRIBE_STRUCT(DetailedHealth, (), (status, database, storage, sandbox))

Task<Result<HealthView>> get_health(Services& services, Request& request, NoInput nothing);
Task<Result<HealthView>> get_readiness(Services& services, Request& request, NoInput nothing);
Task<Result<Response>> get_detailed_health(Services& services, Request& request, NoInput nothing);

}  // namespace clinikk::api
