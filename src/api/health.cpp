#include "api/health.hpp"

#include <boost/describe.hpp>

#include <chrono>

namespace clinikk::api {

using namespace http;

namespace {

struct HealthView {
    static constexpr std::string_view schema_name = "Health";
    std::string_view status;
};
BOOST_DESCRIBE_STRUCT(HealthView, (), (status))

struct DatabaseHealth {
    static constexpr std::string_view schema_name = "DatabaseHealth";
    std::string_view status;
    std::string driver;
    std::int64_t latency_ms;
};
BOOST_DESCRIBE_STRUCT(DatabaseHealth, (), (status, driver, latency_ms))

struct StorageHealth {
    static constexpr std::string_view schema_name = "StorageHealth";
    std::string_view status;
    std::string_view provider;
    std::int64_t latency_ms;
};
BOOST_DESCRIBE_STRUCT(StorageHealth, (), (status, provider, latency_ms))

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

struct Probe {
    bool up = false;
    std::int64_t latency_ms = 0;
    std::string_view status() const { return up ? "healthy" : "unhealthy"; }
};

Task<Probe> probe(Task<> check, std::string_view what, Log& log) {
    Probe result;
    auto const began = std::chrono::steady_clock::now();
    try {
        co_await std::move(check);
        result.up = true;
    } catch (std::exception const& failure) {
        log.warning("health check failed", {{"of", what}, {"error", failure.what()}});
    }
    auto const elapsed = std::chrono::steady_clock::now() - began;
    result.latency_ms = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
    co_return result;
}

}  // namespace

class HealthApi::Handlers {
public:
    explicit Handlers(HealthSubjects subjects) : subjects_(std::move(subjects)) {}

    Task<Result<HealthView>> alive(Request&, NoInput) { co_return HealthView{"healthy"}; }

    Task<Result<HealthView>> ready(Request&, NoInput) {
        if (!subjects_.ready()) co_return Error(ErrorCode::unavailable);
        co_return HealthView{"ready"};
    }

    Task<Result<Response>> detailed(Request&, NoInput) {
        auto const database = co_await probe(subjects_.work.check(), "database", subjects_.log);
        auto const storage = co_await probe(subjects_.objects.check(), "storage", subjects_.log);
        bool const up = database.up && storage.up;
        DetailedHealth const health{
            up ? "healthy" : "unhealthy",
            {database.status(), subjects_.database_driver, database.latency_ms},
            {storage.status(), subjects_.objects.name(), storage.latency_ms},
            {subjects_.inspector.confinement()},
        };
        std::string body;
        write_json(body, health);
        auto response = json_response(up ? 200 : 503, std::move(body));
        response.headers.add("Cache-Control", "no-store");
        co_return response;
    }

private:
    HealthSubjects subjects_;
};

HealthApi::HealthApi(HealthSubjects subjects) : handlers_(std::make_unique<Handlers>(std::move(subjects))) {}

HealthApi::~HealthApi() = default;

void HealthApi::add_to(EndpointTable& table, HealthApi* api) {
    auto* const handlers = api ? api->handlers_.get() : nullptr;
    table.add({.method = Method::get,
               .path = "/health",
               .id = "get_health",
               .tag = "health",
               .summary = "Whether the process is alive",
               .description = "Touches nothing: for a supervisor that restarts what does not answer."},
              handlers, &Handlers::alive);
    table.add({.method = Method::get,
               .path = "/health/ready",
               .id = "get_readiness",
               .tag = "health",
               .summary = "Whether to send requests here",
               .description = "503 while starting or draining: for a load balancer."},
              handlers, &Handlers::ready);
    table.add({.method = Method::get,
               .path = "/health/detailed",
               .id = "get_detailed_health",
               .tag = "health",
               .summary = "Whether what the service needs is up",
               .description = "503 with the same members when something is down.",
               .answers = {{503, "application/json", "Something is down"}}},
              handlers, &Handlers::detailed, schema_of<DetailedHealth>());
}

}  // namespace clinikk::api
