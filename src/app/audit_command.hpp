#pragma once

#include "app/settings.hpp"
#include "domain/audit.hpp"

namespace clinikk::app {

/// `clinikk-tv audit`: prints events, the newest first: a line for each, or with `as_json` a JSON object for each. The
/// limit of `query` is that of all that is printed.
int print_audit(Settings const& settings, AuditQuery query, bool as_json);

}  // namespace clinikk::app
