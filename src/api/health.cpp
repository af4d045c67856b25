#include "api/health.hpp"

#include <chrono>

#include "api/routes.hpp"

namespace clinikk::api {

void add_health_routes(Routes& routes) {
    routes.add<get_health>({.method = Method::get,
                            .path = "/health",
                            .tag = "health",
                            .summary = "Whether the process is alive",
                            .description = "Touches nothing: for a supervisor that restarts what does not answer."});
    routes.add<get_readiness>({.method = Method::get,
                               .path = "/health/ready",
                               .tag = "health",
                               .summary = "Whether to send requests here",
                               .description = "503 while starting or draining: for a load balancer."});
    routes.add<get_detailed_health>({.method = Method::get,
                                     .path = "/health/detailed",
                                     .tag = "health",
                                     .summary = "Whether what the service needs is up",
                                     .description = "503 with the same members when something is down.",
                                     .answers = {{503, "application/json", "Something is down"}}},
                                    schema_of<DetailedHealth>());
}

namespace {

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

Task<Result<HealthView>> get_health(Services&, Request&, NoInput) { co_return HealthView{"healthy"}; }

Task<Result<HealthView>> get_readiness(Services& services, Request&, NoInput) {
    if (!services.health.ready()) co_return Error(ErrorCode::unavailable);
    co_return HealthView{"ready"};
}

Task<Result<Response>> get_detailed_health(Services& services, Request&, NoInput) {
    auto const& subjects = services.health;
    auto const database = co_await probe(subjects.work.check(), "database", subjects.log);
    auto const storage = co_await probe(subjects.objects.check(), "storage", subjects.log);
    bool const up = database.up && storage.up;
    DetailedHealth const health{
        up ? "healthy" : "unhealthy",
        {database.status(), subjects.database_driver, database.latency_ms},
        {storage.status(), subjects.objects.name(), storage.latency_ms},
        {subjects.inspector.confinement()},
    };
    std::string body;
    write_json(body, health);
    auto response = json_response(up ? 200 : 503, std::move(body));
    response.headers.add("Cache-Control", "no-store");
    co_return response;
}

}  // namespace clinikk::api
