#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "domain/media.hpp"

namespace clinikk::media {

enum class SandboxMode : std::uint8_t {
    automatic,  ///< system call filter and limits always, Landlock and bubblewrap where they work
    require,    ///< do not start unless one of the two works
};

struct InspectorOptions {
    std::string ffprobe{};            ///< path or name; empty: `ffprobe` on PATH
    std::filesystem::path scratch{};  ///< directory for probe files, which have no names; made when missing
    SandboxMode sandbox = SandboxMode::automatic;
    std::size_t concurrency = 1;                        ///< children at a time
    std::filesystem::path self_exe = "/proc/self/exe";  ///< the program that knows `sandbox-exec`
    std::chrono::milliseconds deadline{20'000};         ///< for each child
};

/// Examines media by their boxes and with ffprobe, which runs in the sandbox. The log must outlive it, and it must
/// outlive its examinations. Throws std::runtime_error with a line for the operator when ffprobe is missing, or
/// when the required confinement is not to be had; std::system_error when `scratch` cannot be made.
///
/// An examination keeps up to 4 MiB in memory and at most 144 MiB in its probe file. `feed` and `finish` throw when
/// that cannot be written or a child cannot be started.
std::unique_ptr<MediaInspector> make_media_inspector(InspectorOptions options, Log& log);

}  // namespace clinikk::media
