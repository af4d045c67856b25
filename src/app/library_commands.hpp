#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/settings.hpp"
#include "base/uuid.hpp"
#include "domain/values.hpp"

namespace clinikk::app {

/// `clinikk-tv gc`: removes what interrupted writes and deletes left behind, or only lists it. 1 when another process
/// is at it.
int collect_garbage(Settings const& settings, bool dry_run);

/// `clinikk-tv verify`: hashes every object again. 1 when one is not as its row says.
int verify_objects(Settings const& settings);

/// `clinikk-tv backfill`: completes the rows of objects that were taken over. 1 when one could not be read.
int backfill_objects(Settings const& settings);

/// `clinikk-tv storage copy`: copies all objects of one store to another. Throws SettingError for one and the same; 1
/// when an object could not be copied.
int copy_objects(Settings const& settings, std::string const& from, std::string const& to);

/// `clinikk-tv content assign-owner`: gives these contents to an account; with none told, all that have no owner. 1
/// when it was refused.
int assign_owner(Settings const& settings, Email const& email, std::optional<std::vector<Uuid>> const& contents);

}  // namespace clinikk::app
