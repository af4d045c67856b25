#pragma once

#include <algorithm>

#include "app/core.hpp"
#include "app/settings.hpp"

namespace clinikk::app {

/// What a command without a server uses. Only warnings are logged, because the command has its own output.
struct CommandContext {
    Log log;
    Core core;

    explicit CommandContext(Settings const& settings)
        : log(std::max(settings.log_level, LogLevel::warning), settings.log_format), core(settings, {}, log) {}
};

}  // namespace clinikk::app
