#pragma once

#include <string>

namespace clinikk::app {

/// This process for people: `process 1234 on clinic-1`.
std::string process_name();

/// This process in the leases that it holds: no other process has the same name, nor had one.
std::string lease_holder();

}  // namespace clinikk::app
