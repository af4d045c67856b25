#pragma once

#include <string>
#include <vector>

#include "app/settings.hpp"

namespace clinikk::app {

/// `clinikk-tv check storage`: tries everything that the service does with the store of new media, and prints one line
/// for each step. It also checks what pages of the given origins, or of those in CORS_ORIGINS, need from a bucket.
/// Returns 1 when a step failed.
int check_storage(Settings const& settings, std::vector<std::string> origins);

}  // namespace clinikk::app
