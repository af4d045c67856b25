#pragma once

#include "app/settings.hpp"

namespace clinikk::app {

/// `clinikk-tv health`: asks a running service whether it is alive, for the health check of a container. Returns 1 when
/// it is not.
int ask_health(Settings const& settings);

}  // namespace clinikk::app
