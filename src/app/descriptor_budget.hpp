#pragma once

#include <cstddef>

#include "app/settings.hpp"

namespace clinikk::app {

/// How the process divides its descriptors (RLIMIT_NOFILE), so that nothing that has begun runs out of them: what the
/// process itself needs is set aside, and the rest is divided among connections and the files that their requests hold.
struct DescriptorBudget {
    std::size_t limit = 0;        ///< descriptors the process may have
    std::size_t open_files = 0;   ///< objects that are kept open for the next request
    std::size_t connections = 0;  ///< connections that may be open at once; at most MAX_CONNECTIONS
};

/// The number of threads for work that blocks on files.
std::size_t file_threads(Settings const& settings) noexcept;

/// Divides `limit` descriptors. Throws SettingError with one line when too few connections would be left to serve.
DescriptorBudget allocate_descriptors(Settings const& settings, std::size_t limit);

/// Raises the soft limit, which is usually low, to the hard limit, and returns the new limit.
std::size_t raise_descriptor_limit();

}  // namespace clinikk::app
