#include "api/health.hpp"

#include <chrono>

#include "api/routes.hpp"

namespace clinikk::api {

void add_health_routes(Routes& routes) {
    routes.add<get_health>({.method = Method::get,
                            .path = "/health",
                            .tag = "health",
                            .summary = "Whether the process is alive",
                            .description = "Touches nothing: for a supervisor that restarts what does not answer.",
                            .is_unmetered = true});
    routes.add<get_readiness>({.method = Method::get,
                               .path = "/health/ready",
                               .tag = "health",
                               .summary = "Whether to send requests here",
                               .description =
                                   "For a load balancer: 503 while starting or draining, and while the database "
                                   "or the storage cannot be written to or has no room left; what can be "
                                   "read is answered all the same.",
                               .is_unmetered = true});
    routes.add<get_detailed_health>(
        {.method = Method::get,
         .path = "/health/detailed",
         .tag = "health",
         .summary = "Whether what the service needs is up",
         .description = "503 with the same members when something is down or cannot be "
                        "written to; `reason` says why.",
         .headers = {answer_header::cache_control},
         .answers = {{503, "application/json", "Something is down", {answer_header::cache_control}}}},
        schema_of<DetailedHealth>());
}

namespace {

struct Probe {
    std::optional<std::string> reason{};  ///< why it is not healthy
    std::int64_t latency_ms = 0;
    std::string_view status() const { return reason ? "unhealthy" : "healthy"; }
};

Task<Probe> probe(Task<Result<void>> check, std::string_view what, Log& log) {
    Probe result;
    auto const began = std::chrono::steady_clock::now();
    try {
        auto const outcome = co_await std::move(check);
        if (!outcome) result.reason = outcome.error().detail;
    } catch (std::exception const& failure) {
        log.warning("health_check.failed", {{"of", what}, {"error", failure.what()}});
        result.reason = "it does not answer";
    }
    auto const elapsed = std::chrono::steady_clock::now() - began;
    result.latency_ms = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
    co_return result;
}

}  // namespace

Task<Result<HealthView>> get_health(Services&, Request&, NoInput) { co_return HealthView{"healthy"}; }

Task<Result<HealthView>> get_readiness(Services& services, Request&, NoInput) {
    auto const& subjects = services.health;
    if (!subjects.ready()) co_return Error(ErrorCode::unavailable);
    auto const database = co_await probe(subjects.work.check(), "database", subjects.log);
    if (database.reason) co_return Error(ErrorCode::unavailable, "The database: " + *database.reason);
    auto const storage = co_await probe(subjects.objects.check(), "storage", subjects.log);
    if (storage.reason) co_return Error(ErrorCode::unavailable, "The storage: " + *storage.reason);
    co_return HealthView{"ready"};
}

Task<Result<Response>> get_detailed_health(Services& services, Request&, NoInput) {
    auto const& subjects = services.health;
    auto const database = co_await probe(subjects.work.check(), "database", subjects.log);
    auto const storage = co_await probe(subjects.objects.check(), "storage", subjects.log);
    bool const up = !database.reason && !storage.reason;
    DetailedHealth const health{
        up ? "healthy" : "unhealthy",
        {database.status(), database.reason, subjects.database_driver, database.latency_ms},
        {storage.status(), storage.reason, subjects.objects.name(), storage.latency_ms},
        {subjects.inspector.confinement()},
    };
    std::string body;
    write_json(body, health);
    auto response = json_response(up ? 200 : 503, std::move(body));
    response.headers.add("Cache-Control", "no-store");
    co_return response;
}

}  // namespace clinikk::api
