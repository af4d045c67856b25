#pragma once

#include <cstddef>

#include "app/settings.hpp"

namespace clinikk::app {

/// How the process shares out the descriptors it may have (RLIMIT_NOFILE), so that nothing that was begun finds none
/// left: what the process itself needs is put aside, the rest is divided among connections and the files that their
/// requests hold.
struct DescriptorBudget {
    std::size_t limit = 0;        ///< descriptors the process may have
    std::size_t open_files = 0;   ///< objects that are kept open for the next request
    std::size_t connections = 0;  ///< that may be open at once; at most MAX_CONNECTIONS
};

/// Threads that do what blocks on files.
std::size_t file_threads(Settings const& settings) noexcept;

/// Shares out `limit` descriptors. Throws SettingError with one line where too few connections would be left to serve.
DescriptorBudget allocate_descriptors(Settings const& settings, std::size_t limit);

/// Raises the soft limit, which is customarily low, to the hard one, and tells what it is then.
std::size_t raise_descriptor_limit();

}  // namespace clinikk::app
