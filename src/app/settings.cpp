#include "app/settings.hpp"

#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "app/setting_values.hpp"

namespace clinikk::app {
namespace {

using Text = std::string const&;

/// Cores this process may use: its affinity, and the quota of its control group where that is less.
std::size_t available_cores() {
    cpu_set_t set;
    std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
    if (::sched_getaffinity(0, sizeof set, &set) == 0) cores = static_cast<std::size_t>(CPU_COUNT(&set));
    std::ifstream quota_file("/sys/fs/cgroup/cpu.max");
    std::string quota;
    double period = 0;
    if (quota_file >> quota >> period && quota != "max" && period > 0) {
        cores = std::min(cores, static_cast<std::size_t>(std::ceil(std::strtod(quota.c_str(), nullptr) / period)));
    }
    return std::max<std::size_t>(1, cores);
}

/// Scheme and authority, and a path where that is allowed; nothing else.
bool is_web_address(std::string_view text, bool with_path) {
    auto const url = boost::urls::parse_uri(text);
    if (!url || url->has_userinfo() || url->has_query() || url->has_fragment() || url->host().empty()) return false;
    if (url->scheme_id() != boost::urls::scheme::http && url->scheme_id() != boost::urls::scheme::https) return false;
    return with_path || url->path().empty();
}

void set_host(Settings& settings, Text text) {
    settings.host = text == "localhost" ? "127.0.0.1" : text;
    bool const address =
        boost::urls::parse_ipv4_address(settings.host) || boost::urls::parse_ipv6_address(settings.host);
    if (!address) must("an IP address such as 127.0.0.1, 0.0.0.0 for all, or ::1");
}

void set_max_upload_size(Settings& settings, Text text) {
    settings.max_upload_size = bytes(text);
    if (settings.max_upload_size == 0) must("at least one byte");
}

void set_public_url(Settings& settings, Text text) {
    if (!text.empty() && !is_web_address(text, true)) must("an http or https URL without query and fragment");
    settings.public_url = text;
    while (settings.public_url.ends_with('/')) settings.public_url.pop_back();
}

void set_trusted_proxies(Settings& settings, Text text) {
    settings.trusted_proxies.clear();
    for (auto const& item : comma_list(text)) {
        auto const network = http::Network::parse(item);
        if (!network) must("addresses and networks such as 127.0.0.1, 10.0.0.0/8 or fd00::/8, comma-separated");
        settings.trusted_proxies.push_back(*network);
    }
}

void set_origins(Settings& settings, Text text) {
    settings.cors_origins = comma_list(text);
    for (auto const& origin : settings.cors_origins) {
        if (origin != "*" && !is_web_address(origin, false)) must("* or origins such as https://app.example.com");
    }
}

void set_database(Settings& settings, Text text) {
    // As SQLAlchemy writes them: the driver behind the plus is not ours.
    constexpr std::string_view with_driver = "postgresql+psycopg2://";
    bool const alchemy = text.starts_with(with_driver);
    bool const known =
        text.starts_with("sqlite:") || text.starts_with("postgresql://") || text.starts_with("postgres://");
    if (!text.empty() && !known && !alchemy) must("a postgresql:// or sqlite: URL");
    if (text == "sqlite:" || text == "sqlite::memory:") must("sqlite: and the path of a file");
    settings.database_url = alchemy ? "postgresql://" + text.substr(with_driver.size()) : text;
}

void set_postgres(Settings& settings, char const* key, Text text) {
    if (!text.empty()) settings.postgres[key] = text;
}

void set_secret(Settings& settings, Text text) {
    constexpr std::size_t least = 32;
    bool const key_pair = text.starts_with("-----BEGIN");
    if (!text.empty() && !key_pair && text.size() < least) must("at least 32 bytes long (try: openssl rand -hex 32)");
    settings.secret_key = text;
}

void set_provider(Settings& settings, Text text) {
    auto lower = text;
    for (auto& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (lower != "local" && lower != "s3") must("local or S3");
    settings.storage_provider = lower;
}

/// A URL without a slash at its end; empty stays empty.
std::string web_address(Text text, bool with_path) {
    auto url = text;
    while (url.ends_with('/')) url.pop_back();
    if (!url.empty() && !is_web_address(url, with_path)) {
        must(with_path ? "an http or https URL without query and fragment" : "an http or https URL without a path");
    }
    return url;
}

/// S3's rules for names, which keep a bucket's name from being anything else in a URL.
void set_bucket(Settings& settings, Text text) {
    bool const fits = text.empty() || (text.size() >= 3 && text.size() <= 63 &&
                                       text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == text.npos);
    if (!fits) must("the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens");
    settings.storage.bucket = text;
}

void set_upload_memory(Settings& settings, Text text) {
    constexpr std::uint64_t least = 64ULL << 20U;
    settings.storage.upload_memory = bytes(text);
    if (settings.storage.upload_memory < least) must("at least 64MiB, which is the largest part of an upload");
}

void set_presign_expires(Settings& settings, Text text) {
    settings.storage.presign_expires = duration(text);
    if (settings.storage.presign_expires < std::chrono::seconds(1)) must("at least 1s");
    if (settings.storage.presign_expires > std::chrono::hours(7 * 24)) must("at most 7d");
}

/// A bucket and what it needs.
void check_storage(Settings& settings) {
    auto& storage = settings.storage;
    if (settings.storage_provider != "s3" && storage.bucket.empty()) return;
    if (storage.bucket.empty()) throw SettingError("STORAGE_BUCKET must be set for STORAGE_PROVIDER S3");
    if (storage.region.empty()) {
        if (storage.endpoint.empty()) throw SettingError("AWS_REGION must be set, or AWS_ENDPOINT_URL");
        storage.region = "us-east-1";
    }
    if (storage.access_key_id.empty() != storage.secret_access_key.empty()) {
        throw SettingError("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set together");
    }
}

constexpr std::array log_levels{std::pair<std::string_view, LogLevel>{"trace", LogLevel::trace},
                                std::pair<std::string_view, LogLevel>{"debug", LogLevel::debug},
                                std::pair<std::string_view, LogLevel>{"info", LogLevel::info},
                                std::pair<std::string_view, LogLevel>{"warning", LogLevel::warning},
                                std::pair<std::string_view, LogLevel>{"error", LogLevel::error}};
constexpr std::array roles{std::pair<std::string_view, Role>{"viewer", Role::viewer},
                           std::pair<std::string_view, Role>{"editor", Role::editor}};
constexpr std::array on_off{std::pair<std::string_view, bool>{"1", true}, std::pair<std::string_view, bool>{"0", false},
                            std::pair<std::string_view, bool>{"on", true},
                            std::pair<std::string_view, bool>{"off", false}};
constexpr std::array migrate_modes{std::pair<std::string_view, bool>{"auto", true},
                                   std::pair<std::string_view, bool>{"off", false}};
constexpr std::array stream_modes{std::pair<std::string_view, bool>{"redirect", true},
                                  std::pair<std::string_view, bool>{"proxy", false}};
constexpr std::array addressings{std::pair<std::string_view, std::optional<bool>>{"auto", std::nullopt},
                                 std::pair<std::string_view, std::optional<bool>>{"path", true},
                                 std::pair<std::string_view, std::optional<bool>>{"virtual", false}};
constexpr std::array sandbox_modes{std::pair<std::string_view, bool>{"auto", false},
                                   std::pair<std::string_view, bool>{"require", true}};
constexpr std::array algorithms{
    std::pair<std::string_view, int>{"HS256", 0}, std::pair<std::string_view, int>{"HS384", 0},
    std::pair<std::string_view, int>{"HS512", 0}, std::pair<std::string_view, int>{"RS256", 0},
    std::pair<std::string_view, int>{"ES256", 0}};

std::size_t cores_or(Text text) { return text.empty() ? available_cores() : whole_number<std::size_t>(text, 1, 1024); }

const std::array settings_table{
    Setting{"HOST", "127.0.0.1", "Address to listen on", set_host},
    Setting{"PORT", "8000", "Port to listen on; 0 takes any free one",
            [](Settings& s, Text t) { s.port = whole_number<std::uint16_t>(t, 0, 65535); }},
    Setting{"PUBLIC_URL", "", "Where clients reach the service (default: from each request)", set_public_url},
    Setting{"TRUSTED_PROXIES", "",
            "Proxies whose X-Forwarded-For, -Proto, -Host and -Prefix count: addresses and networks, comma-separated "
            "(default: none)",
            set_trusted_proxies},
    Setting{"DATA_DIR", "./data", "Database, objects and the generated secret",
            [](Settings& s, Text t) { s.data_dir = t; }},
    Setting{"DATABASE_URL", "", "postgresql://… or sqlite:PATH (default: SQLite in DATA_DIR)", set_database},
    Setting{"POSTGRES_USER", "", "PostgreSQL in parts, where DATABASE_URL is not set",
            [](Settings& s, Text t) { set_postgres(s, "user", t); }},
    Setting{"POSTGRES_PASSWORD", "", "Password of that user",
            [](Settings& s, Text t) { set_postgres(s, "password", t); }},
    Setting{"POSTGRES_DB", "", "Name of the database", [](Settings& s, Text t) { set_postgres(s, "dbname", t); }},
    Setting{"POSTGRES_HOST", "", "A name, an address, or a directory with a socket",
            [](Settings& s, Text t) { set_postgres(s, "host", t); }},
    Setting{"POSTGRES_PORT", "", "Port of the server (default: 5432)",
            [](Settings& s, Text t) {
                if (!t.empty()) whole_number<int>(t, 1, 65535);
                set_postgres(s, "port", t);
            }},
    Setting{"POSTGRES_CONNECTIONS", "8", "Connections of this process at most",
            [](Settings& s, Text t) { s.postgres_connections = whole_number<std::size_t>(t, 1, 1000); }},
    Setting{"POSTGRES_WAIT", "60s", "How long the start waits for a server that is not there yet",
            [](Settings& s, Text t) { s.postgres_wait = duration(t); }},
    Setting{"MIGRATE", "auto", "auto, or off to refuse an old schema",
            [](Settings& s, Text t) { s.migrate = one_of(t, migrate_modes); }},
    Setting{"SECRET_KEY", "", "Key that signs access tokens (default: generated, kept in DATA_DIR)", set_secret},
    Setting{"ALGORITHM", "HS256", "HS256, HS384, HS512, RS256 or ES256",
            [](Settings& s, Text t) {
                one_of(t, algorithms);
                s.algorithm = t;
            }},
    Setting{"ACCESS_TOKEN_EXPIRE_MINUTES", "30", "How long a login lasts",
            [](Settings& s, Text t) { s.token_lifetime = std::chrono::minutes(whole_number<int>(t, 1, 525600)); }},
    Setting{"REGISTRATION_ROLE", "editor", "Role of accounts that register themselves: editor or viewer",
            [](Settings& s, Text t) { s.registration_role = one_of(t, roles); }},
    Setting{"STORAGE_PROVIDER", "local", "Where new media is kept: local (DATA_DIR) or S3", set_provider},
    Setting{"STORAGE_BUCKET", "", "The bucket of S3", set_bucket},
    // The table is applied in order: AWS_REGION comes second and wins.
    Setting{"AWS_DEFAULT_REGION", "", "The bucket's region where AWS_REGION is not set",
            [](Settings& s, Text t) { s.storage.region = t; }},
    Setting{"AWS_REGION", "", "The bucket's region",
            [](Settings& s, Text t) {
                if (!t.empty()) s.storage.region = t;
            }},
    Setting{"AWS_ENDPOINT_URL", "", "URL of another server that speaks S3 (default: Amazon's of the region)",
            [](Settings& s, Text t) { s.storage.endpoint = web_address(t, false); }},
    Setting{"STORAGE_ADDRESSING", "auto",
            "path, virtual (bucket in the host name), or auto: path with AWS_ENDPOINT_URL",
            [](Settings& s, Text t) { s.storage.path_style = one_of(t, addressings); }},
    Setting{"AWS_ACCESS_KEY_ID", "", "Key of S3", [](Settings& s, Text t) { s.storage.access_key_id = t; }},
    Setting{"AWS_SECRET_ACCESS_KEY", "", "Its secret", [](Settings& s, Text t) { s.storage.secret_access_key = t; }},
    Setting{"AWS_SESSION_TOKEN", "", "With temporary keys: their token",
            [](Settings& s, Text t) { s.storage.session_token = t; }},
    Setting{"AWS_PROFILE", "", "Without a key: the profile in the credentials file (default: default)",
            [](Settings& s, Text t) { s.storage.profile = t; }},
    Setting{"AWS_SHARED_CREDENTIALS_FILE", "", "That file (default: ~/.aws/credentials)",
            [](Settings& s, Text t) { s.storage.credentials_file = t; }},
    Setting{"AWS_CA_BUNDLE", "", "Certificates to trust, PEM (default: the system's)",
            [](Settings& s, Text t) { s.storage.ca_file = t; }},
    Setting{"STORAGE_TIMEOUT", "30s", "Silence after which S3 is given up",
            [](Settings& s, Text t) { s.storage.timeout = std::max(duration(t), std::chrono::seconds(1)); }},
    Setting{"STREAM_MODE", "redirect", "redirect: players fetch from S3 themselves; proxy: through this service",
            [](Settings& s, Text t) { s.storage.redirect = one_of(t, stream_modes); }},
    Setting{"PRESIGN_EXPIRES", "1h", "How long the address a player is sent to is good", set_presign_expires},
    Setting{"STORAGE_PUBLIC_URL", "",
            "Where everybody may read the bucket, such as a CDN (default: presigned addresses)",
            [](Settings& s, Text t) { s.storage.public_url = web_address(t, true); }},
    Setting{"UPLOAD_MEMORY", "256MiB", "Memory that all uploads to S3 together hold", set_upload_memory},
    Setting{"MAX_UPLOAD_SIZE", "10GiB", "Largest file", set_max_upload_size},
    Setting{"USER_QUOTA", "", "Bytes one account may keep (default: no limit)",
            [](Settings& s, Text t) {
                if (!t.empty()) s.user_quota = bytes(t);
            }},
    Setting{"MAX_UPLOADS_PER_USER", "8", "Uploads of one account at once",
            [](Settings& s, Text t) { s.max_uploads_per_user = whole_number<std::int64_t>(t, 1, 1'000'000); }},
    Setting{"UPLOAD_EXPIRES", "24h", "Time that an upload straight to the bucket may take",
            [](Settings& s, Text t) { s.upload_expires = std::max(duration(t), std::chrono::seconds(60)); }},
    Setting{"DISK_RESERVE", "1GiB", "Disk space that uploads leave free",
            [](Settings& s, Text t) { s.disk_reserve = bytes(t); }},
    Setting{"THREADS", "", "Threads that serve (default: the cores it may use)",
            [](Settings& s, Text t) { s.threads = cores_or(t); }},
    Setting{"MAX_CONNECTIONS", "20000", "Connections at once; fewer where the limit on open files (ulimit -n) is low",
            [](Settings& s, Text t) { s.max_connections = whole_number<std::size_t>(t, 1, 10'000'000); }},
    Setting{"MIN_RATE", "1KiB", "Bytes a second below which a body is given up, over 60 s",
            [](Settings& s, Text t) { s.min_rate = bytes(t); }},
    Setting{"HEADER_TIMEOUT", "10s", "Time to send a request head",
            [](Settings& s, Text t) { s.header_timeout = at_least_one_second(t); }},
    Setting{"IDLE_TIMEOUT", "75s", "Time a connection may wait between requests",
            [](Settings& s, Text t) { s.idle_timeout = at_least_one_second(t); }},
    Setting{"SHUTDOWN_GRACE", "30s", "Time for requests under way when the service stops",
            [](Settings& s, Text t) { s.shutdown_grace = duration(t); }},
    Setting{"GC_GRACE", "1h", "Age before leftovers of interrupted writes are collected",
            [](Settings& s, Text t) { s.gc_grace = duration(t); }},
    Setting{"REUSE_PORT", "0", "1: several processes may listen on the port, for rolling restarts",
            [](Settings& s, Text t) { s.reuse_port = one_of(t, on_off); }},
    Setting{"RATE_LIMIT", "on", "off: failed logins are not slowed down",
            [](Settings& s, Text t) { s.rate_limit = one_of(t, on_off); }},
    Setting{"LOG_LEVEL", "info", "trace, debug, info, warning or error",
            [](Settings& s, Text t) { s.log_level = one_of(t, log_levels); }},
    Setting{"LOG_FORMAT", "auto", "json, text, or auto: text on a terminal",
            [](Settings& s, Text t) {
                auto const automatic = ::isatty(STDERR_FILENO) == 1 ? LogFormat::text : LogFormat::json;
                std::array const formats{std::pair<std::string_view, LogFormat>{"auto", automatic},
                                         std::pair<std::string_view, LogFormat>{"json", LogFormat::json},
                                         std::pair<std::string_view, LogFormat>{"text", LogFormat::text}};
                s.log_format = one_of(t, formats);
            }},
    Setting{"CORS_ORIGINS", "*", "Origins whose scripts may call, comma-separated; * for any", set_origins},
    Setting{"FFPROBE", "", "The ffprobe program (default: found on PATH)", [](Settings& s, Text t) { s.ffprobe = t; }},
    Setting{"SANDBOX", "auto",
            "require: refuse to start where media tools cannot be confined by Landlock or bubblewrap",
            [](Settings& s, Text t) { s.sandbox_required = one_of(t, sandbox_modes); }},
    Setting{"PROBE_CONCURRENCY", "", "Files examined at once (default: the cores it may use)",
            [](Settings& s, Text t) { s.probe_concurrency = cores_or(t); }},
};

/// `POSTGRES_…` as libpq's pairs, unless DATABASE_URL says it all.
void compose_database(Settings& settings) {
    auto const& parts = settings.postgres;
    if (!settings.database_url.empty()) return;
    if (parts.empty()) return;
    if (!parts.contains("user") || !parts.contains("dbname")) {
        throw SettingError("POSTGRES_USER and POSTGRES_DB must both be set, or none of the POSTGRES settings");
    }
    for (auto const& [key, value] : parts) {
        settings.database_url += key + "='";
        for (char const c : value) {
            if (c == '\'' || c == '\\') settings.database_url += '\\';
            settings.database_url += c;
        }
        settings.database_url += "' ";
    }
}

}  // namespace

std::span<Setting const> all_settings() { return settings_table; }

std::size_t file_threads(Settings const& settings) noexcept { return std::max<std::size_t>(4, settings.threads); }

std::string flag_of(std::string_view name) {
    std::string flag = "--";
    for (char const c : name) flag += c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return flag;
}

Settings resolve_settings(GivenSettings const& given) {
    auto const env_file = read_env_file(".env");
    auto const text_of = [&](Setting const& setting) -> std::string {
        if (auto const found = given.find(setting.name); found != given.end()) return found->second;
        std::string const name(setting.name);
        if (char const* value = std::getenv(name.c_str()); value != nullptr && *value != '\0') return value;
        if (auto const found = env_file.find(name); found != env_file.end() && !found->second.empty()) {
            return found->second;
        }
        return std::string(setting.fallback);
    };
    Settings settings;
    for (auto const& setting : settings_table) {
        try {
            setting.apply(settings, text_of(setting));
        } catch (std::invalid_argument const& wrong) {
            throw SettingError(std::string(setting.name) + ' ' + wrong.what());
        }
    }
    bool const key_pair = settings.algorithm == "RS256" || settings.algorithm == "ES256";
    if (key_pair && !settings.secret_key.starts_with("-----BEGIN")) {
        throw SettingError("SECRET_KEY must be a private key in PEM form for ALGORITHM " + settings.algorithm);
    }
    check_storage(settings);
    compose_database(settings);
    return settings;
}

}  // namespace clinikk::app
