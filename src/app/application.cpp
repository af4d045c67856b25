#include "app/application.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <system_error>

#include "api/routes.hpp"
#include "app/descriptor_budget.hpp"
#include "app/storage.hpp"
#include "app/system_clock.hpp"
#include "base/async/blocking_pool.hpp"
#include "db/polling_signals.hpp"
#include "db/postgres/await_postgres.hpp"
#include "db/postgres/postgres_database.hpp"
#include "db/sqlite/migrations.hpp"
#include "db/sqlite/sqlite_database.hpp"
#include "db/unit_of_work.hpp"
#include "http/endpoint/openapi.hpp"
#include "http/server/server.hpp"
#include "media/inspector.hpp"
#include "security/access_tokens.hpp"
#include "security/password_hasher.hpp"
#include "security/secret.hpp"
#include "service/backfiller.hpp"
#include "service/collector.hpp"
#include "service/mover.hpp"
#include "service/verifier.hpp"

namespace clinikk::app {
namespace {

constexpr std::string_view token_issuer = "clinikk-tv";
/// Logins and registrations under way at once: so many of strangers, and as many of clients that have logged in before.
constexpr std::size_t places_at_hasher = 64;
constexpr std::chrono::seconds collection_interval{60};
/// Of DISK_RESERVE, to be written into by deletes when the disk is full.
constexpr std::uint64_t most_for_database = 16UL * 1024 * 1024;
/// How long an event may take to reach this process where nobody tells of it; PostgreSQL does.
constexpr std::chrono::milliseconds sqlite_poll_interval{250};
constexpr std::chrono::milliseconds postgres_poll_interval{900};

constexpr std::array api_tags{
    http::ApiTag{"auth", "Accounts and logins"},
    http::ApiTag{"content", "The library: uploading, browsing, playing, changing"},
    http::ApiTag{"upload", "Large files straight to the bucket, in parts"},
    http::ApiTag{"health", "For supervisors and load balancers"},
};
constexpr http::ApiInfo api_info{"Clinikk TV", CLINIKK_VERSION,
                                 "Health video and audio for subscribers: upload, browse, play.", api_tags};

bool on_postgres(Settings const& settings) {
    return !settings.database_url.empty() && !settings.database_url.starts_with("sqlite:");
}

db::SqliteOptions sqlite_options(Settings const& settings) {
    db::SqliteOptions options;
    constexpr std::string_view scheme = "sqlite:";
    options.path = settings.database_url.empty() ? settings.data_dir / "clinikk.db"
                                                 : std::filesystem::path(settings.database_url.substr(scheme.size()));
    options.read_connections = settings.threads;
    options.reserve = std::min(settings.disk_reserve, most_for_database);
    return options;
}

db::PostgresOptions postgres_options(Settings const& settings) {
    return {
        .conninfo = settings.database_url, .max_connections = settings.postgres_connections, .loops = settings.threads};
}

/// With its schema up to date.
std::unique_ptr<db::Database> open_database(Settings const& settings, Log& log) {
    prepare_database(settings, log);
    if (on_postgres(settings)) return db::open_postgres(postgres_options(settings), log);
    return db::open_sqlite(sqlite_options(settings), log);
}

std::unique_ptr<AccessTokens> make_tokens(Settings const& settings, Log& log) {
    auto secret = settings.secret_key;
    if (secret.empty()) {
        auto const file = settings.data_dir / "secret.key";
        secret = load_or_create_secret(file);
        log.info("generated_secret_key", {{"reason", "SECRET_KEY is not set"}, {"file", file.string()}});
    }
    try {
        return make_access_tokens(
            {settings.algorithm, secret, std::string(token_issuer), std::chrono::seconds(settings.token_lifetime)});
    } catch (std::invalid_argument const& wrong) {
        throw SettingError(std::string("SECRET_KEY or ALGORITHM: ") + wrong.what());
    }
}

std::string process_name() {
    std::string host(256, '\0');
    if (::gethostname(host.data(), host.size()) != 0) host = "unknown";
    host.resize(host.find('\0') == std::string::npos ? host.size() : host.find('\0'));
    return host + ':' + std::to_string(::getpid()) + ':' + new_uuid().to_string();
}

media::InspectorOptions inspector_options(Settings const& settings) {
    media::InspectorOptions options;
    options.ffprobe = settings.ffprobe;
    options.scratch = settings.data_dir / "tmp";
    options.concurrency = settings.probe_concurrency;
    options.sandbox = settings.sandbox_required ? media::SandboxMode::require : media::SandboxMode::automatic;
    return options;
}

http::ServerOptions server_options(Settings const& settings, DescriptorBudget const& descriptors) {
    http::ServerOptions options;
    options.host = settings.host;
    options.port = settings.port;
    options.threads = settings.threads;
    options.max_connections = descriptors.connections;
    options.trusted_proxies = settings.trusted_proxies;
    options.reuse_port = settings.reuse_port;
    options.patience.head = settings.header_timeout;
    options.patience.idle = settings.idle_timeout;
    options.patience.minimum_rate = settings.min_rate;
    options.shutdown_grace = settings.shutdown_grace;
    return options;
}

/// What the process may have open, and therefore how many connections; the log tells.
DescriptorBudget plan_descriptors(Settings const& settings, Log& log) {
    auto const budget = share_out_descriptors(settings, raise_descriptor_limit());
    auto const line = {LogField("connections", budget.connections), LogField("descriptors", budget.limit)};
    if (budget.connections < settings.max_connections) {
        log.warning("connections are limited by the descriptors there are (ulimit -n)", line);
    } else {
        log.info("connections are limited", line);
    }
    return budget;
}

/// Who a token belongs to, for the pipeline.
class SessionAuthenticator : public http::Authenticator {
public:
    explicit SessionAuthenticator(SessionService& sessions) : sessions_(sessions) {}
    Task<Result<Caller>> authenticate(std::string_view token) override { return sessions_.authenticate(token); }

private:
    SessionService& sessions_;
};

}  // namespace

std::string openapi_text() { return http::openapi_document(api::make_endpoints(nullptr, 0), api_info); }

std::string endpoints_text() { return api::list_endpoints(api::make_endpoints(nullptr, 0)); }

std::optional<FileDescriptor> lock_collection(std::filesystem::path const& data_dir) {
    FileDescriptor file(::open((data_dir / "collector.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file) throw std::system_error(errno, std::generic_category(), "opening the collector's lock");
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return std::nullopt;
    return file;
}

void make_data_dir(std::filesystem::path const& path) {
    std::error_code failure;
    if (std::filesystem::create_directories(path, failure)) {
        std::filesystem::permissions(path, std::filesystem::perms::owner_all, failure);
    }
    if (failure) throw SettingError("DATA_DIR: cannot make " + path.string() + ": " + failure.message());
    if (::access(path.c_str(), R_OK | W_OK | X_OK) == 0) return;
    auto const reason = std::generic_category().message(errno);
    throw SettingError("DATA_DIR: cannot write to " + path.string() + ": " + reason + " (give it to user " +
                       std::to_string(::geteuid()) + ", as whom this program runs, or choose another directory)");
}

void prepare_database(Settings const& settings, Log& log, db::AdoptionReport const& report) {
    make_data_dir(settings.data_dir);
    if (on_postgres(settings)) {
        db::await_postgres(settings.database_url, settings.postgres_wait, log);
        if (settings.migrate) return db::migrate_postgres(postgres_options(settings), log, report);
        return db::check_postgres_schema(postgres_options(settings));
    }
    auto const options = sqlite_options(settings);
    if (settings.migrate) {
        db::migrate_sqlite(options, log);
    } else {
        db::check_sqlite_schema(options);
    }
}

/// Members in the order they depend on each other. At the end the server stops first, then the pools and the
/// database finish what they were handed, and only then anything is destroyed.
struct Application::Parts {
    Settings settings;
    Log& log;
    DescriptorBudget descriptors;

    SystemClock clock;
    BlockingPool file_pool;
    BlockingPool hash_pool;
    std::unique_ptr<db::Database> database;
    std::unique_ptr<UnitOfWork> work;
    std::unique_ptr<UnitOfWork> freeing_work;  ///< for those who free space, and those on their way there
    db::PollingSignals signals;
    Storage storage;
    std::unique_ptr<MediaInspector> inspector;
    std::unique_ptr<PasswordHasher> hasher;
    std::unique_ptr<AccessTokens> tokens;

    UserService users;
    SessionService sessions;
    ContentService contents;
    PlaybackService playback;
    UploadService uploads;
    DirectUploadService direct_uploads;
    Collector collector;

    api::Services services;
    http::EndpointTable table;
    http::Router router;
    SessionAuthenticator authenticator;
    http::Pipeline pipeline;
    http::Server server;

    Parts(Settings const& settings_in, Log& log_in)
        : settings(settings_in),
          log(log_in),
          descriptors(plan_descriptors(settings, log)),
          file_pool(file_threads(settings)),
          hash_pool(std::max<std::size_t>(1, settings.threads / 2)),
          database(open_database(settings, log)),
          work(db::make_unit_of_work(*database)),
          freeing_work(db::make_unit_of_work(database->with_reserve())),
          signals(*database, log, on_postgres(settings) ? postgres_poll_interval : sqlite_poll_interval),
          storage(settings, descriptors.open_files, clock, file_pool, log),
          inspector(media::make_media_inspector(inspector_options(settings), log)),
          hasher(make_password_hasher(hash_pool, {}, places_at_hasher)),
          tokens(make_tokens(settings, log)),
          users(*work, *hasher, clock),
          sessions(*freeing_work, *hasher, *tokens, clock, settings.rate_limit),
          contents(*freeing_work, storage.stores(), clock, log),
          playback(*freeing_work, storage.stores(), {settings.storage.redirect, settings.storage.presign_expires}, log),
          uploads(*work, storage.stores(), *inspector, clock, upload_limits(), process_name(), log),
          direct_uploads(*work, storage.stores(), *inspector, clock,
                         {upload_limits(), settings.upload_expires, settings.storage.presign_expires}, process_name(),
                         log),
          collector(*freeing_work, storage.stores(), clock, settings.gc_grace, process_name(), log),
          services(make_services()),
          table(api::make_endpoints(&services, settings.max_upload_size)),
          router(table),
          authenticator(sessions),
          pipeline(
              router, authenticator, [this] { return work->revision(); }, {settings.public_url, settings.cors_origins},
              log),
          server(server_options(settings, descriptors), pipeline, log) {
        services.openapi = http::openapi_document(table, api_info);
        signals.subscribe([this](Event const& event) {
            if (event.type == "content.deleted") storage.local().close_idle_files();
        });
        server.spawn_on_each([this] { return database->serve_loop(); });
        server.spawn([this] { return signals.run(); });
        server.spawn([this] { return database->watch_events([this] { signals.wake(); }); });
        server.spawn([this] { return collect_now_and_then(); });
    }

    /// What other processes left behind, once a minute; whoever has the lock does it for all.
    Task<> collect_now_and_then() {
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
        while (true) {
            timer.expires_after(collection_interval);
            co_await timer.async_wait(boost::asio::use_awaitable);
            auto const lock = lock_collection(settings.data_dir);
            if (!lock) continue;
            try {
                co_await collector.collect(false, [this](std::string_view what, std::string_view name) {
                    log.info("collected", {{"what", what}, {"name", name}});
                });
            } catch (std::exception const& failure) {
                log.warning("collection failed", {{"error", failure.what()}});
            }
        }
    }

    api::Services make_services() {
        return {
            .users = users,
            .sessions = sessions,
            .contents = contents,
            .playback = playback,
            .uploads = uploads,
            .direct_uploads = direct_uploads,
            .health = {.work = *work,
                       .database_driver = on_postgres(settings) ? "postgres" : "sqlite",
                       .objects = storage.stores().current(),
                       .inspector = *inspector,
                       .ready = [this] { return !server.draining(); },
                       .log = log},
            .registration_role = settings.registration_role,
        };
    }

    UploadLimits upload_limits() const {
        return {settings.max_upload_size, settings.user_quota, settings.max_uploads_per_user};
    }
};

Application::Application(Settings const& settings, Log& log) : parts_(std::make_unique<Parts>(settings, log)) {}

Application::~Application() = default;

std::string Application::address() const {
    auto const& host = parts_->settings.host;
    auto const shown = host.find(':') == std::string::npos ? host : '[' + host + ']';
    return "http://" + shown + ':' + std::to_string(parts_->server.port());
}

void Application::run() {
    parts_->server.run();
    parts_->storage.stop();
    parts_->file_pool.join();
    parts_->hash_pool.join();
    parts_->inspector.reset();
    parts_->database.reset();
}

struct Tools::Parts {
    Settings settings;
    Log& log;
    SystemClock clock;
    BlockingPool pool{2};
    std::unique_ptr<db::Database> database;
    std::unique_ptr<UnitOfWork> work;
    Storage storage;
    std::unique_ptr<PasswordHasher> hasher;
    std::unique_ptr<MediaInspector> inspector;  ///< made for those who need it: it starts programs
    UserService users;
    ContentService contents;
    Collector collector;
    Verifier verifier;
    Mover mover;
    std::optional<Backfiller> backfiller;

    Parts(Settings const& settings_in, Log& log_in)
        : settings(settings_in),
          log(log_in),
          database(open_database(settings, log)),
          work(db::make_unit_of_work(database->with_reserve())),
          storage(settings, 1, clock, pool, log),
          hasher(make_password_hasher(pool, {}, 1)),
          users(*work, *hasher, clock),
          contents(*work, storage.stores(), clock, log),
          collector(*work, storage.stores(), clock, settings.gc_grace, process_name(), log),
          verifier(*work, storage.stores()),
          mover(*work, storage.stores(), clock, process_name(), log) {}
};

Tools::Tools(Settings const& settings, Log& log) : parts_(std::make_unique<Parts>(settings, log)) {}

Tools::~Tools() = default;

UserService& Tools::users() { return parts_->users; }
Collector& Tools::collector() { return parts_->collector; }
Verifier& Tools::verifier() { return parts_->verifier; }
Mover& Tools::mover() { return parts_->mover; }
ContentService& Tools::contents() { return parts_->contents; }

Backfiller& Tools::backfiller() {
    if (!parts_->backfiller) {
        parts_->inspector = media::make_media_inspector(inspector_options(parts_->settings), parts_->log);
        parts_->backfiller.emplace(*parts_->work, parts_->storage.stores(), *parts_->inspector);
    }
    return *parts_->backfiller;
}

}  // namespace clinikk::app
