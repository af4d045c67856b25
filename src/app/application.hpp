#pragma once

#include <memory>
#include <string>

#include "app/settings.hpp"
#include "base/log.hpp"

namespace clinikk::app {

/// The whole program, wired: settings → core → services of the API → server.
class Application {
public:
    /// Opens everything and listens. Throws with one line that states what is missing.
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

}  // namespace clinikk::app
