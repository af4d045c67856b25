#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/settings.hpp"
#include "base/uuid.hpp"
#include "domain/values.hpp"

namespace clinikk::app {

/// `clinikk-tv gc`: removes what interrupted writes and deletes left behind, or only lists it. Returns 1 when another
/// process is collecting, or something could not be removed.
int collect_garbage(Settings const& settings, bool dry_run);

/// `clinikk-tv verify`: hashes every object again. Returns 1 when an object does not agree with its row.
int verify_objects(Settings const& settings);

/// `clinikk-tv backfill`: completes the rows of objects that were taken over. Returns 1 when an object could not be
/// read.
int backfill_objects(Settings const& settings);

/// `clinikk-tv storage copy`: copies all objects of one store to another. Throws SettingError when both are the same;
/// returns 1 when an object could not be copied.
int copy_objects(Settings const& settings, std::string const& from, std::string const& to);

/// `clinikk-tv content assign-owner`: makes an account the owner of these contents or, without ids, of all that have no
/// owner. Returns 1 when that is refused.
int assign_owner(Settings const& settings, Email const& email, std::optional<std::vector<Uuid>> const& contents);

}  // namespace clinikk::app
