#pragma once

#include <string>
#include <vector>

#include "app/settings.hpp"

namespace clinikk::app {

/// `clinikk-tv check storage`: tries everything the service does with the store of new media, one line a step. With
/// origins, or else with those that CORS_ORIGINS names, also what their pages need of a bucket. 1 when a step failed.
int check_storage(Settings const& settings, std::vector<std::string> origins);

}  // namespace clinikk::app
