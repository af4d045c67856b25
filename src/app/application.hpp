#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "app/settings.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "db/postgres/migrations.hpp"
#include "http/endpoint/endpoint_table.hpp"

namespace clinikk {
class Backfiller;
class Collector;
class ContentService;
class Mover;
class UserService;
class Verifier;
}  // namespace clinikk

namespace clinikk::app {

/// The OpenAPI document of this program. Needs nothing but the endpoint table.
std::string openapi_text();

/// The operations of the API as a table for people: method, path, id and who may call.
std::string endpoints_text();

/// Makes the directory, unless it is there, for its owner only: it holds passwords' hashes and a secret. Throws
/// SettingError, also when it cannot be written to.
void make_data_dir(std::filesystem::path const& path);

/// Waits for the database, and brings its schema up to date, or with `migrate` off checks that it is. What there is to
/// know about rows that were taken over from the proof of concept is logged and told to `report`.
void prepare_database(Settings const& settings, Log& log, db::AdoptionReport const& report = {});

/// One collector at a time on a data directory: the lock, or nothing while another process has it.
std::optional<FileDescriptor> lock_collection(std::filesystem::path const& data_dir);

/// The whole program, wired: settings → stores → services → server.
class Application {
public:
    /// Opens everything and listens. Throws with one line that says what is missing.
    Application(Settings const& settings, Log& log);
    Application(Application const&) = delete;
    Application& operator=(Application const&) = delete;
    ~Application();

    std::string address() const;

    /// Serves until SIGTERM or SIGINT.
    void run();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

/// The services without a server: what the other commands work with.
class Tools {
public:
    Tools(Settings const& settings, Log& log);
    Tools(Tools const&) = delete;
    Tools& operator=(Tools const&) = delete;
    ~Tools();

    UserService& users();
    ContentService& contents();
    Collector& collector();
    Verifier& verifier();
    Mover& mover();
    /// Throws as `make_media_inspector`.
    Backfiller& backfiller();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace clinikk::app
