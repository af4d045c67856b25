#pragma once

#include <string>

namespace clinikk::app {

/// The name of this process for people: `process 1234 on clinic-1`.
std::string process_name();

/// The name of this process in the leases that it holds. No other process has or had the same name.
std::string lease_holder();

}  // namespace clinikk::app
