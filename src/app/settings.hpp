#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "app/env_file.hpp"
#include "base/log.hpp"
#include "client/http_client.hpp"
#include "db/postgres/postgres_database.hpp"
#include "domain/user.hpp"
#include "http/server/server.hpp"
#include "mail/smtp_mailer.hpp"
#include "media/inspector.hpp"
#include "oidc/openid_provider.hpp"
#include "security/access_tokens.hpp"
#include "security/password_hasher.hpp"
#include "service/account_link_service.hpp"
#include "service/collector.hpp"
#include "service/direct_upload_service.hpp"
#include "service/packaging_service.hpp"
#include "service/playback_service.hpp"
#include "service/registration_service.hpp"
#include "service/session_service.hpp"
#include "storage/local_object_store.hpp"
#include "storage/s3_object_store.hpp"
#include "storage/sigv4.hpp"

namespace clinikk::app {

/// A PostgreSQL database in parts, as libpq names them (PostgreSQL documentation, "Parameter Key Words").
struct PostgresParts {
    std::string user{};
    std::string password{};
    std::string dbname{};
    std::string host{};
    std::string port{};
};

struct DatabaseSettings {
    std::string url{};  ///< empty: SQLite in the data directory; else `sqlite:PATH`, or a connection string of libpq
    PostgresParts parts{};  ///< used when there is no URL
    db::PostgresOptions postgres{};
    std::chrono::seconds wait{60};  ///< for a server that cannot be reached yet
    bool migrate = true;

    bool is_postgres() const { return !url.empty() && !url.starts_with("sqlite:"); }
};

/// The object stores: the local disk, and the bucket if one is named.
struct StorageSettings {
    bool is_s3 = false;  ///< new media goes to the bucket
    LocalStoreOptions local{.reserve = 1ULL << 30U};
    S3StoreOptions s3{};
    std::string default_region{};  ///< used when `s3` has none
    client::HttpClientOptions client{};
    AwsCredentials keys{};
    std::string profile{};
    std::filesystem::path credentials_file{};
    std::size_t upload_memory = 256UL << 20U;

    bool has_bucket() const { return !s3.bucket.empty(); }
};

/// All settings, composed of the options of their users. The default of an option is in the struct of its user, or here
/// if no user has options. The program runs with nothing set.
struct Settings {
    http::ServerOptions server{};
    http::PipelineOptions pipeline{.cors_origins = {"*"}};
    std::filesystem::path data_dir = "./data";
    DatabaseSettings database{};
    TokenOptions tokens{};
    std::filesystem::path secret_key_file{};           ///< instead of the key itself
    std::filesystem::path previous_secret_key_file{};  ///< the same for the key before
    PasswordCost password_cost{};
    RegistrationOptions registration{};
    oidc::ProviderOptions identity_provider{};
    std::filesystem::path client_secret_file{};  ///< instead of the client's secret itself
    std::vector<std::string> redirect_urls{};    ///< of the apps that may ask for a sign-in
    bool sign_ins_register = true;               ///< a first sign-in makes an account
    SessionOptions sessions{};
    bool rate_limit = true;  ///< attempts are slowed down and requests counted
    SmtpOptions smtp{};
    std::filesystem::path smtp_password_file{};  ///< instead of the password itself
    AccountLinkOptions account_links{};
    StorageSettings storage{};
    PlaybackOptions playback{};
    PackagingOptions packaging{};
    UploadLimits uploads{};
    DirectUploadOptions direct_uploads{};
    media::InspectorOptions inspector{};
    std::chrono::seconds gc_grace{3600};
    std::chrono::seconds audit_retention = Collector::usual_audit_retention;
    LogLevel log_level = LogLevel::info;
    LogFormat log_format = LogFormat::text;
};

/// A value that cannot be used. The message is one line that names the setting and never shows a secret.
class SettingError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Resolves the settings: the command line, then the environment, then `.env` in the working directory, then the
/// defaults. Throws SettingError.
Settings resolve_settings(GivenSettings const& given);

}  // namespace clinikk::app
