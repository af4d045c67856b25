#include "app/application.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "api/routes.hpp"
#include "app/account_removal_job.hpp"
#include "app/api_document.hpp"
#include "app/collection_job.hpp"
#include "app/core.hpp"
#include "app/descriptor_budget.hpp"
#include "app/process_name.hpp"
#include "app/unfinished_upload_job.hpp"
#include "archive/zip_archive.hpp"
#include "db/polling_signals.hpp"
#include "http/server/server.hpp"
#include "mail/smtp_mailer.hpp"
#include "media/packaging/packaging_reader.hpp"
#include "security/playback_grants.hpp"
#include "security/secret.hpp"
#include "security/secret_box.hpp"
#include "security/verified_tokens.hpp"
#include "service/idempotency_service.hpp"

namespace clinikk::app {
namespace {

/// The number of passwords that wait to be hashed, for each core.
constexpr std::size_t waiting_passwords = 4;
/// A little over 100 bytes each.
constexpr std::size_t remembered_tokens = 8192;
/// Each is an archive in memory until its client has read it.
constexpr std::size_t exports_at_once = 4;
/// The longest time that an event takes to reach this process by polling. PostgreSQL notifies earlier.
constexpr std::chrono::milliseconds sqlite_poll_interval{250};
constexpr std::chrono::milliseconds postgres_poll_interval{900};

/// Reads a key or password from its file, if there is one.
void take_key_file(std::string const& name, std::filesystem::path const& path, std::string& key) {
    if (path.empty()) return;
    if (!key.empty()) throw SettingError(name + " and " + name + "_FILE are both set: use one of them");
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file || !text) throw SettingError(name + "_FILE: " + path.string() + " cannot be read");
    key = text.str();
    while (!key.empty() && (key.back() == '\n' || key.back() == '\r')) key.pop_back();
}

/// The options of the tokens with the keys that the settings name, or with a generated one.
TokenOptions token_options(Settings const& settings, Log& log) {
    auto options = settings.tokens;
    take_key_file("SECRET_KEY", settings.secret_key_file, options.secret_or_private_key_pem);
    take_key_file("PREVIOUS_SECRET_KEY", settings.previous_secret_key_file, options.previous_key);
    if (options.secret_or_private_key_pem.empty()) {
        auto const file = settings.data_dir / "secret.key";
        options.secret_or_private_key_pem = load_or_create_secret(file);
        log.info("secret_key.generated", {{"reason", "SECRET_KEY is not set"}, {"file", file.string()}});
    }
    return options;
}

std::unique_ptr<AccessTokens> make_tokens(TokenOptions const& options) {
    try {
        return remember_verified(make_access_tokens(options), remembered_tokens);
    } catch (std::invalid_argument const& wrong) {
        throw SettingError(std::string("SECRET_KEY, PREVIOUS_SECRET_KEY or ALGORITHM: ") + wrong.what());
    }
}

std::unique_ptr<PlaybackGrants> make_grants(TokenOptions const& options) {
    std::vector<std::string> keys{options.secret_or_private_key_pem};
    if (!options.previous_key.empty()) keys.push_back(options.previous_key);
    return make_playback_grants(keys);
}

/// Null without a mail server.
std::unique_ptr<Mailer> make_mailer(Settings const& settings, Log& log) {
    auto options = settings.smtp;
    if (options.url.empty()) return nullptr;
    take_key_file("SMTP_PASSWORD", settings.smtp_password_file, options.password);
    return make_smtp_mailer(std::move(options), log);
}

http::PipelineOptions pipeline_options(Settings const& settings) {
    auto options = settings.pipeline;
    if (!settings.rate_limit) options.request_rate = 0;
    return options;
}

std::unique_ptr<SecretBox> make_box(TokenOptions const& options) {
    std::vector<std::string> secrets{options.secret_or_private_key_pem};
    if (!options.previous_key.empty()) secrets.push_back(options.previous_key);
    return make_secret_box(secrets);
}

/// Null when none is set.
std::unique_ptr<IdentityProvider> make_identity_provider(Settings const& settings, Clock& clock, Log& log) {
    auto options = settings.identity_provider;
    if (options.issuer.empty()) return nullptr;
    take_key_file("OIDC_CLIENT_SECRET", settings.client_secret_file, options.client_secret);
    return oidc::make_openid_provider(std::move(options), clock, log);
}

SignInOptions sign_in_options(Settings const& settings) {
    SignInOptions options{.redirect_urls = settings.redirect_urls};
    if (settings.sign_ins_register) options.new_accounts = settings.registration.role;
    return options;
}

CoreSizes server_sizes(Settings const& settings, DescriptorBudget const& descriptors) {
    auto const hash_threads = std::max<std::size_t>(1, settings.server.threads / 2);
    return {.file_threads = file_threads(settings),
            .hash_threads = hash_threads,
            .hash_places = hash_threads + waiting_passwords * settings.server.threads,
            .open_files = descriptors.open_files,
            .loops = settings.server.threads};
}

DirectUploadOptions direct_upload_options(Settings const& settings) {
    auto options = settings.direct_uploads;
    options.address_life = settings.playback.address_life;
    return options;
}

http::ServerOptions server_options(Settings const& settings, DescriptorBudget const& descriptors) {
    auto options = settings.server;
    options.max_connections = descriptors.connections;
    return options;
}

/// Divides the descriptors of the process, and logs how many connections that leaves.
DescriptorBudget plan_descriptors(Settings const& settings, Log& log) {
    auto const budget = allocate_descriptors(settings, raise_descriptor_limit());
    bool const is_low = budget.connections < settings.server.max_connections;
    auto const line = {LogField("connections", budget.connections), LogField("descriptors", budget.limit),
                       LogField("because", is_low ? "descriptors (ulimit -n)" : "MAX_CONNECTIONS")};
    if (is_low) log.warning("connections.limited", line);
    if (!is_low) log.info("connections.limited", line);
    return budget;
}

/// Finds the account of an access token or an API key, for the pipeline.
class CredentialAuthenticator : public http::Authenticator {
public:
    CredentialAuthenticator(SessionService& sessions, ApiKeyService& api_keys)
        : sessions_(sessions), api_keys_(api_keys) {}

    Task<Result<Caller>> authenticate(std::string_view token) override {
        return ApiKeyService::is_key(token) ? api_keys_.authenticate(token) : sessions_.authenticate(token);
    }

private:
    SessionService& sessions_;
    ApiKeyService& api_keys_;
};

}  // namespace

/// What a server has besides the core. The members are in the order of their dependencies. At the end the server stops
/// first, then the pools and the database finish their work, and only then is anything destroyed.
struct Application::Parts {
    DescriptorBudget descriptors;
    Core core;
    db::PollingSignals signals;
    std::unique_ptr<MediaInspector> inspector;
    TokenOptions keys;
    std::unique_ptr<AccessTokens> tokens;
    std::unique_ptr<PlaybackGrants> grants;
    std::unique_ptr<SecretBox> box;
    SecondFactor second_factor;
    Throttle throttle;
    std::unique_ptr<IdentityProvider> identity_provider;
    std::unique_ptr<Mailer> mailer;

    UserService users;
    RegistrationService registration;
    SessionService sessions;
    SecondFactorService second_factors;
    SignInService sign_ins;
    AccountLinkService links;
    ApiKeyService api_keys;
    AccountRemover remover;
    AuditService audit;
    PlaybackService playback;
    PlaybackSessionService playback_sessions;
    std::unique_ptr<PackagingReader> packaging_reader;
    PackagingService packaging;
    UploadCore upload_core;
    UploadService uploads;
    DirectUploadService direct_uploads;
    ResumableUploadService resumable_uploads;
    ExportPlaces exports{exports_at_once};

    api::Services services;
    http::EndpointTable table;
    http::Router router;
    CredentialAuthenticator authenticator;
    IdempotencyService idempotency;
    http::Pipeline pipeline;
    http::Server server;

    Parts(Settings const& settings, Log& log)
        : descriptors(plan_descriptors(settings, log)),
          core(settings, server_sizes(settings, descriptors), log),
          signals(*core.database, log, settings.database.is_postgres() ? postgres_poll_interval : sqlite_poll_interval),
          inspector(make_inspector(settings, log)),
          keys(token_options(settings, log)),
          tokens(make_tokens(keys)),
          grants(make_grants(keys)),
          box(make_box(keys)),
          second_factor(*box, log),
          throttle(*core.freeing_work, core.clock, settings.rate_limit),
          identity_provider(make_identity_provider(settings, core.clock, log)),
          mailer(make_mailer(settings, log)),
          users(*core.work, *core.hasher, core.clock),
          registration(*core.work, users, throttle, core.clock, settings.registration),
          sessions(*core.freeing_work, *core.hasher, *tokens, second_factor, throttle, core.clock, settings.sessions,
                   log),
          second_factors(*core.freeing_work, sessions, second_factor, throttle, *box, core.clock),
          sign_ins(*core.work, identity_provider.get(), sessions, throttle, core.clock, sign_in_options(settings), log),
          links(*core.freeing_work, *core.hasher, throttle, mailer.get(), core.clock, settings.account_links, log),
          api_keys(*core.freeing_work, core.clock, log),
          remover(*core.freeing_work, core.clock, log),
          audit(*core.freeing_work, core.clock),
          playback(*core.freeing_work, core.storage.object_stores(), settings.playback, log),
          playback_sessions(*core.freeing_work, *grants, core.clock, settings.playback.session_life),
          packaging_reader(media::packaging::make_packaging_reader()),
          packaging(*core.freeing_work, core.storage.object_stores(), *packaging_reader, settings.packaging, log),
          upload_core(*core.work, core.storage.object_stores(), *inspector, core.clock, settings.uploads,
                      lease_holder(), log),
          uploads(upload_core, *core.work, core.storage.object_stores(), core.clock, log),
          direct_uploads(upload_core, *core.work, core.storage.object_stores(), core.clock,
                         direct_upload_options(settings), log),
          resumable_uploads(upload_core, *core.work, core.storage.object_stores(), core.clock, signals,
                            settings.direct_uploads.life, log),
          services(make_services()),
          table(api::make_endpoints(&services, settings.uploads.max_size)),
          router(table),
          authenticator(sessions, api_keys),
          idempotency(*core.freeing_work, *box, core.clock, log),
          pipeline(
              router, authenticator, idempotency, [this] { return core.work->revision(); }, pipeline_options(settings),
              log),
          server(server_options(settings, descriptors), pipeline, log) {
        services.openapi = openapi_text(table);
        start_jobs();
    }

    api::Services make_services() {
        auto const& settings = core.settings;
        return {
            .users = users,
            .registration = registration,
            .sessions = sessions,
            .api_keys = api_keys,
            .remover = remover,
            .links = links,
            .second_factors = second_factors,
            .sign_ins = sign_ins,
            .audit = audit,
            .contents = core.contents,
            .playback = playback,
            .playback_sessions = playback_sessions,
            .packaging = packaging,
            .uploads = uploads,
            .direct_uploads = direct_uploads,
            .resumable_uploads = resumable_uploads,
            .make_archive = [] { return make_zip_archive(); },
            .exports = exports,
            .health = {.work = *core.work,
                       .database_driver = settings.database.is_postgres() ? "postgres" : "sqlite",
                       .objects = core.storage.object_stores().current(),
                       .inspector = *inspector,
                       .ready = [this] { return !server.draining(); },
                       .log = core.log},
            .public_keys = tokens->public_keys(),
        };
    }

    /// Starts the tasks that run as long as the server does.
    void start_jobs() {
        signals.subscribe([this](Event const& event) {
            // An update may have replaced the source.
            if (event.type != "content.created") core.storage.local().close_idle_files();
        });
        server.on_drain([this] { resumable_uploads.drain(); });
        server.spawn_on_each([this] { return core.database->serve_loop(); });
        server.spawn([this] { return signals.run(); });
        server.spawn([this] { return core.database->watch_events([this] { signals.wake(); }); });
        server.spawn([this] { return resume_removals_every_minute(remover, core.log); });
        server.spawn(
            [this] { return collect_every_minute(core.collector, core.database->collection_lock(), core.log); });
        server.spawn([this] { return finish_uploads_every_minute(resumable_uploads, core.log); });
    }
};

Application::Application(Settings const& settings, Log& log) : parts_(std::make_unique<Parts>(settings, log)) {}

Application::~Application() = default;

std::string Application::address() const {
    auto const& host = parts_->core.settings.server.host;
    auto const shown = host.find(':') == std::string::npos ? host : '[' + host + ']';
    return "http://" + shown + ':' + std::to_string(parts_->server.port());
}

void Application::run() {
    parts_->server.run();
    parts_->identity_provider.reset();
    parts_->core.stop();
    parts_->resumable_uploads.stop();
    parts_->inspector.reset();
    parts_->core.database.reset();
}

}  // namespace clinikk::app
