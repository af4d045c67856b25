#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "app/env_file.hpp"
#include "base/log.hpp"
#include "domain/user.hpp"
#include "http/server/forwarded.hpp"

namespace clinikk::app {

/// The bucket, where there is one.
struct StorageSettings {
    std::string bucket{};
    std::string region{};
    std::string endpoint{};  ///< URL; empty: Amazon's of the region
    std::optional<bool> path_style{};
    std::string public_url{};
    std::string access_key_id{};
    std::string secret_access_key{};
    std::string session_token{};
    std::string profile{};
    std::filesystem::path credentials_file{};
    std::string ca_file{};
    std::chrono::seconds timeout{};
    std::chrono::seconds presign_expires{};
    bool redirect = true;
    std::size_t upload_memory = 0;
};

/// Everything that can be set. With nothing set it runs.
struct Settings {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8000;
    std::string public_url{};
    http::Networks trusted_proxies{};
    std::filesystem::path data_dir = "data";
    std::string database_url{};  ///< empty: SQLite in data_dir; else `sqlite:PATH`, or what libpq takes
    std::map<std::string, std::string, std::less<>> postgres{};  ///< the POSTGRES settings under libpq's names
    std::size_t postgres_connections = 8;
    std::chrono::seconds postgres_wait{60};
    std::string storage_provider = "local";
    StorageSettings storage{};
    bool migrate = true;
    std::string secret_key{};
    std::string algorithm = "HS256";
    std::chrono::minutes token_lifetime{30};
    Role registration_role = Role::editor;
    std::uint64_t max_upload_size = 0;
    std::optional<std::uint64_t> user_quota{};
    std::int64_t max_uploads_per_user = 0;
    std::chrono::seconds upload_expires{};
    std::uint64_t disk_reserve = 0;
    std::size_t threads = 1;
    std::size_t max_connections = 0;
    std::uint64_t min_rate = 0;
    std::chrono::seconds header_timeout{};
    std::chrono::seconds idle_timeout{};
    std::chrono::seconds shutdown_grace{};
    std::chrono::seconds gc_grace{};
    bool reuse_port = false;
    bool rate_limit = true;
    LogLevel log_level = LogLevel::info;
    LogFormat log_format = LogFormat::text;
    std::vector<std::string> cors_origins{};
    std::string ffprobe{};
    bool sandbox_required = false;
    std::size_t probe_concurrency = 1;
};

/// Threads that do what blocks on files.
std::size_t file_threads(Settings const& settings) noexcept;

/// A value that cannot be used. The message is one line that names the setting; it never shows a secret.
class SettingError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// One setting: its name in the environment and in `.env`, from which its flag follows (`DATA_DIR`, `--data-dir`).
struct Setting {
    std::string_view name;
    std::string_view fallback;  ///< what it is when it is not set; empty: see the help
    std::string_view help;
    void (*apply)(Settings&, std::string const& text);  ///< throws std::invalid_argument with what it must be
};

/// All settings, in the order the help lists them.
std::span<Setting const> all_settings();

/// `--data-dir` for `DATA_DIR`.
std::string flag_of(std::string_view name);

/// The settings: those given on the command line, else the environment, else `.env` in the working directory, else the
/// defaults. Throws SettingError.
Settings resolve_settings(GivenSettings const& given);

}  // namespace clinikk::app
