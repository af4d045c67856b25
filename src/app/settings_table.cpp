#include "app/settings_table.hpp"

#include <array>
#include <cstdlib>

#include "app/setting_forms.hpp"

namespace clinikk::app {
namespace {

using namespace form;
using S = Settings;
using Database = DatabaseSettings;
using Store = StorageSettings;

/// The member at the end of a path: `at<&Settings::server, &http::ServerOptions::port>(settings)`.
template <auto... Members>
constexpr auto& at(auto& settings) {
    return (settings.*....*Members);
}

/// A setting that is written in `Form` and stored at the end of the path of `Members`.
template <class Form, auto... Members>
constexpr Setting setting(std::string_view name, std::string_view help) {
    return {name, help, false,
            [](Settings& settings, std::string const& text) { at<Members...>(settings) = Form::parse(text); },
            [](Settings const& settings) { return Form::print(at<Members...>(settings)); }};
}

/// The same for a value that nobody may see.
template <class Form, auto... Members>
constexpr Setting secret_setting(std::string_view name, std::string_view help) {
    auto secret = setting<Form, Members...>(name, help);
    secret.is_secret = true;
    return secret;
}

constexpr std::array settings_table{
    setting<Host, &S::server, &http::ServerOptions::host>("HOST", "Address to listen on"),
    setting<Whole<std::uint16_t, 0, 65535>, &S::server, &http::ServerOptions::port>(
        "PORT", "Port to listen on; 0 takes any free one"),
    setting<WebAddress, &S::pipeline, &http::PipelineOptions::public_url>(
        "PUBLIC_URL", "Address at which clients reach the service (default: from each request)"),
    setting<Proxies, &S::server, &http::ServerOptions::trusted_proxies>(
        "TRUSTED_PROXIES",
        "Proxies whose X-Forwarded-For, -Proto, -Host and -Prefix count: addresses and networks, comma-separated "
        "(default: none)"),
    setting<Path, &S::data_dir>("DATA_DIR", "Database, objects and the generated secret"),
    secret_setting<DatabaseUrl, &S::database, &Database::url>(
        "DATABASE_URL", "postgresql://… or sqlite:PATH (default: SQLite in DATA_DIR)"),
    setting<Text, &S::database, &Database::parts, &PostgresParts::user>(
        "POSTGRES_USER", "User for PostgreSQL, if DATABASE_URL is not set"),
    secret_setting<Text, &S::database, &Database::parts, &PostgresParts::password>("POSTGRES_PASSWORD",
                                                                                   "Password of that user"),
    setting<Text, &S::database, &Database::parts, &PostgresParts::dbname>("POSTGRES_DB", "Name of the database"),
    setting<Text, &S::database, &Database::parts, &PostgresParts::host>(
        "POSTGRES_HOST", "A name, an address, or a directory with a socket"),
    setting<PortText, &S::database, &Database::parts, &PostgresParts::port>("POSTGRES_PORT",
                                                                            "Port of the server (default: 5432)"),
    setting<Whole<std::size_t, 1, 1000>, &S::database, &Database::postgres, &db::PostgresOptions::max_connections>(
        "POSTGRES_CONNECTIONS", "Largest number of connections of this process"),
    setting<Duration, &S::database, &Database::wait>(
        "POSTGRES_WAIT", "How long the start waits for a server that cannot be reached yet"),
    setting<Choice<MigrateMode>, &S::database, &Database::migrate>("MIGRATE", "auto, or off to refuse an old schema"),
    secret_setting<SecretKey, &S::tokens, &TokenOptions::secret_or_private_key_pem>(
        "SECRET_KEY", "Key that signs access tokens (default: generated, kept in DATA_DIR)"),
    setting<Path, &S::secret_key_file>("SECRET_KEY_FILE",
                                       "A file with that key, such as an RSA or P-256 key in PEM form"),
    secret_setting<SecretKey, &S::tokens, &TokenOptions::previous_key>(
        "PREVIOUS_SECRET_KEY", "The key before; the tokens that it has signed are still accepted"),
    setting<Path, &S::previous_secret_key_file>("PREVIOUS_SECRET_KEY_FILE", "A file with the key before"),
    setting<Choice<Algorithm>, &S::tokens, &TokenOptions::algorithm>("ALGORITHM",
                                                                     "HS256, HS384, HS512, RS256 or ES256"),
    setting<Minutes, &S::tokens, &TokenOptions::lifetime>("ACCESS_TOKEN_EXPIRE_MINUTES", "Validity of an access token"),
    setting<RaisedDuration<60>, &S::sessions, &SessionOptions::refresh_life>(
        "REFRESH_TOKEN_EXPIRE", "Validity of a refresh token, and so of a session that is not used"),
    setting<SizeOfHash, &S::password_cost, &PasswordCost::memory>("PASSWORD_MEMORY",
                                                                  "Memory for hashing one password (Argon2id)"),
    setting<Whole<unsigned long long, 1, 100>, &S::password_cost, &PasswordCost::operations>(
        "PASSWORD_ITERATIONS", "Passes over that memory; hashes of another cost are renewed at login"),
    setting<SmtpUrl, &S::smtp, &SmtpOptions::url>(
        "SMTP_URL", "Mail server: smtp://HOST:PORT or smtps://HOST:PORT (default: no mail is sent)"),
    setting<Text, &S::smtp, &SmtpOptions::username>("SMTP_USERNAME", "User of the mail server, if it wants a login"),
    secret_setting<Text, &S::smtp, &SmtpOptions::password>("SMTP_PASSWORD", "Password of that user"),
    setting<Path, &S::smtp_password_file>("SMTP_PASSWORD_FILE", "A file with that password"),
    setting<Choice<SmtpTls>, &S::smtp, &SmtpOptions::require_tls>(
        "SMTP_TLS", "require, off, or auto: required unless SMTP_URL is smtp:// to this host"),
    setting<Text, &S::smtp, &SmtpOptions::ca_file>("SMTP_CA_FILE",
                                                   "Certificates to trust, PEM (default: those of the system)"),
    setting<Sender, &S::smtp, &SmtpOptions::sender>("MAIL_FROM", "Sender of mails: an address, or NAME <ADDRESS>"),
    setting<LinkPage, &S::account_links, &AccountLinkOptions::password_reset_url>(
        "PASSWORD_RESET_URL", "Page of your app for a new password, such as https://app.example.com/reset#{token}"),
    setting<LinkPage, &S::account_links, &AccountLinkOptions::email_verification_url>(
        "EMAIL_VERIFICATION_URL", "Page of your app that verifies an address, with {token}"),
    setting<Choice<OneOrZero>, &S::sessions, &SessionOptions::require_verified_email>(
        "REQUIRE_VERIFIED_EMAIL", "1: accounts whose address is not verified cannot log in"),
    setting<Choice<RegistrationModeName>, &S::registration, &RegistrationOptions::mode>(
        "REGISTRATION", "Who may make an account: open (everybody), invite or closed"),
    setting<LinkPage, &S::registration, &RegistrationOptions::invite_url>(
        "INVITE_URL", "Page of your app for people who are invited, with {token}"),
    setting<Choice<RegistrationRole>, &S::registration, &RegistrationOptions::role>(
        "REGISTRATION_ROLE", "Role of accounts that register themselves: editor or viewer"),
    setting<Choice<VisibilityName>, &S::uploads, &UploadLimits::default_visibility>(
        "DEFAULT_VISIBILITY", "Who sees a content whose editor does not say: public, members, unlisted or private"),
    setting<IssuerUrl, &S::identity_provider, &oidc::ProviderOptions::issuer>(
        "OIDC_ISSUER", "OpenID provider that signs people in, exactly as it names itself (default: none)"),
    setting<Text, &S::identity_provider, &oidc::ProviderOptions::client_id>(
        "OIDC_CLIENT_ID", "This service at that provider, which must know PUBLIC_URL/auth/oidc/callback"),
    secret_setting<Text, &S::identity_provider, &oidc::ProviderOptions::client_secret>(
        "OIDC_CLIENT_SECRET", "The secret of that client (default: a public client)"),
    setting<Path, &S::client_secret_file>("OIDC_CLIENT_SECRET_FILE", "A file with that secret"),
    setting<Scopes, &S::identity_provider, &oidc::ProviderOptions::scopes>("OIDC_SCOPES",
                                                                           "What the provider is asked for"),
    setting<UrlList, &S::redirect_urls>(
        "OIDC_REDIRECT_URLS", "Addresses of apps to which a sign-in may return, comma-separated; compared exactly"),
    setting<Choice<OnOff>, &S::sign_ins_register>("OIDC_REGISTRATION",
                                                  "on: a sign-in makes an account for who has none"),
    setting<Provider, &S::storage, &Store::is_s3>("STORAGE_PROVIDER",
                                                  "Where new media is stored: local (DATA_DIR) or S3"),
    setting<Bucket, &S::storage, &Store::s3, &S3StoreOptions::bucket>("STORAGE_BUCKET", "The bucket in S3"),
    setting<Text, &S::storage, &Store::default_region>("AWS_DEFAULT_REGION",
                                                       "The region of the bucket, if AWS_REGION is not set"),
    setting<Text, &S::storage, &Store::s3, &S3StoreOptions::region>("AWS_REGION", "The region of the bucket"),
    setting<WebOrigin, &S::storage, &Store::s3, &S3StoreOptions::endpoint>(
        "AWS_ENDPOINT_URL", "URL of an S3-compatible server (default: that of Amazon for the region)"),
    setting<Choice<Addressing>, &S::storage, &Store::s3, &S3StoreOptions::path_style>(
        "STORAGE_ADDRESSING", "path, virtual (bucket in the host name), or auto: path with AWS_ENDPOINT_URL"),
    setting<Text, &S::storage, &Store::keys, &AwsCredentials::access_key_id>("AWS_ACCESS_KEY_ID", "Access key for S3"),
    secret_setting<Text, &S::storage, &Store::keys, &AwsCredentials::secret_access_key>("AWS_SECRET_ACCESS_KEY",
                                                                                        "The secret of that key"),
    secret_setting<Text, &S::storage, &Store::keys, &AwsCredentials::session_token>("AWS_SESSION_TOKEN",
                                                                                    "Session token of temporary keys"),
    setting<Text, &S::storage, &Store::profile>(
        "AWS_PROFILE", "Without a key: the profile in the credentials file (default: default)"),
    setting<Path, &S::storage, &Store::credentials_file>("AWS_SHARED_CREDENTIALS_FILE",
                                                         "The credentials file (default: ~/.aws/credentials)"),
    setting<Text, &S::storage, &Store::client, &client::HttpClientOptions::ca_file>(
        "AWS_CA_BUNDLE", "Certificates to trust, PEM (default: those of the system)"),
    setting<RaisedDuration<1>, &S::storage, &Store::client, &client::HttpClientOptions::silence>(
        "STORAGE_TIMEOUT", "Silence after which a request to S3 is abandoned"),
    setting<Choice<StreamMode>, &S::playback, &PlaybackOptions::redirect>(
        "STREAM_MODE", "redirect: players fetch from S3 themselves; proxy: through this service"),
    setting<LifeOfAddress, &S::playback, &PlaybackOptions::address_life>(
        "PRESIGN_EXPIRES", "How long the address to which a player is sent works"),
    setting<LifeOfAddress, &S::playback, &PlaybackOptions::private_address_life>(
        "PRIVATE_PRESIGN_EXPIRES", "The same for a content that is not for everybody, if that is shorter"),
    setting<RaisedDuration<60>, &S::playback, &PlaybackOptions::session_life>(
        "PLAYBACK_SESSION_EXPIRE", "Longest time for which the address of a playback session works"),
    setting<WebAddress, &S::storage, &Store::s3, &S3StoreOptions::public_url>(
        "STORAGE_PUBLIC_URL", "Public address of the bucket, such as a CDN (default: presigned addresses)"),
    setting<Size, &S::packaging, &PackagingOptions::cache>("INDEX_CACHE",
                                                           "Memory for the packaging indexes of contents that play"),
    setting<SizeOfUploadMemory, &S::storage, &Store::upload_memory>("UPLOAD_MEMORY",
                                                                    "Memory for all uploads to S3 together"),
    setting<SizeOfFile, &S::uploads, &UploadLimits::max_size>("MAX_UPLOAD_SIZE", "Largest file"),
    setting<OptionalSize, &S::uploads, &UploadLimits::user_quota>(
        "USER_QUOTA", "Bytes that one account may store (default: no limit)"),
    setting<Whole<std::int64_t, 1, 1'000'000>, &S::uploads, &UploadLimits::max_per_user>(
        "MAX_UPLOADS_PER_USER", "Uploads that one account may have under way"),
    setting<RaisedDuration<60>, &S::direct_uploads, &DirectUploadOptions::life>(
        "UPLOAD_EXPIRES", "Time that a direct upload to the bucket may take, and that a resumable upload may rest"),
    setting<Size, &S::storage, &Store::local, &LocalStoreOptions::reserve>("DISK_RESERVE",
                                                                           "Disk space that uploads leave free"),
    setting<Cores, &S::server, &http::ServerOptions::threads>("THREADS",
                                                              "Threads that serve (default: the cores it may use)"),
    setting<Whole<std::size_t, 1, 10'000'000>, &S::server, &http::ServerOptions::max_connections>(
        "MAX_CONNECTIONS", "Connections at once; fewer if the limit on open files (ulimit -n) is low"),
    setting<Size, &S::server, &http::ServerOptions::timeouts, &http::Timeouts::minimum_rate>(
        "MIN_RATE", "Bytes a second below which a body is abandoned, over 60 s"),
    setting<OneSecondOrMore, &S::server, &http::ServerOptions::timeouts, &http::Timeouts::head>(
        "HEADER_TIMEOUT", "Time to send a request head"),
    setting<OneSecondOrMore, &S::server, &http::ServerOptions::timeouts, &http::Timeouts::idle>(
        "IDLE_TIMEOUT", "Time a connection may wait between requests"),
    setting<Duration, &S::server, &http::ServerOptions::shutdown_grace>(
        "SHUTDOWN_GRACE", "Time for requests under way when the service stops"),
    setting<Duration, &S::gc_grace>("GC_GRACE", "Age before leftovers of interrupted writes are collected"),
    setting<RaisedDuration<std::chrono::seconds(AuditRepository::least_retention).count()>, &S::audit_retention>(
        "AUDIT_RETENTION", "Age at which events of the audit log are removed, at least 90d"),
    setting<Choice<OneOrZero>, &S::server, &http::ServerOptions::reuse_port>(
        "REUSE_PORT", "1: several processes may listen on the port, for rolling restarts"),
    setting<Choice<OnOff>, &S::rate_limit>(
        "RATE_LIMIT", "off: nothing is slowed down: wrong passwords, registrations, mails, sign-ins, requests"),
    setting<Whole<std::uint32_t, 0, 1'000'000>, &S::pipeline, &http::PipelineOptions::request_rate>(
        "REQUEST_RATE",
        "Requests a second that a process answers to one account, API key or, without either, client network; ten "
        "times as many at once; 0: any number"),
    setting<Choice<Level>, &S::log_level>("LOG_LEVEL", "trace, debug, info, warning or error"),
    setting<Format, &S::log_format>("LOG_FORMAT", "json, text, or auto: text on a terminal"),
    setting<Origins, &S::pipeline, &http::PipelineOptions::cors_origins>(
        "CORS_ORIGINS", "Origins whose scripts may call, comma-separated; * for any"),
    setting<Text, &S::inspector, &media::InspectorOptions::ffprobe>("FFPROBE",
                                                                    "The ffprobe program (default: found on PATH)"),
    setting<Choice<Sandbox>, &S::inspector, &media::InspectorOptions::sandbox>(
        "SANDBOX", "require: refuse to start where media tools cannot be confined by Landlock or bubblewrap"),
    setting<Cores, &S::inspector, &media::InspectorOptions::concurrency>(
        "PROBE_CONCURRENCY", "Files examined at once (default: the cores it may use)"),
};

}  // namespace

std::span<Setting const> all_settings() { return settings_table; }

std::string Setting::flag() const {
    std::string flag = "--";
    for (char const c : name) flag += c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return flag;
}

std::vector<FoundSetting> find_settings(GivenSettings const& given) {
    auto const env_file = read_env_file(".env");
    auto const find = [&](Setting const& wanted) -> FoundSetting {
        if (auto const found = given.find(wanted.name); found != given.end()) {
            return {wanted, found->second, SettingSource::command_line};
        }
        std::string const name(wanted.name);
        if (char const* value = std::getenv(name.c_str()); value != nullptr && *value != '\0') {
            return {wanted, value, SettingSource::environment};
        }
        if (auto const found = env_file.find(name); found != env_file.end() && !found->second.empty()) {
            return {wanted, found->second, SettingSource::env_file};
        }
        return {wanted, wanted.fallback(), SettingSource::fallback};
    };
    std::vector<FoundSetting> all;
    for (auto const& each : settings_table) all.push_back(find(each));
    return all;
}

}  // namespace clinikk::app
