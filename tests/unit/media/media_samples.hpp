#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace clinikk::media {

/// Small media files, made by ffmpeg when they are first asked for and the same bytes in every run; they live as
/// long as the test program. The name says what is wanted: `tiny.mp4` has two seconds of video (64×48, H.264) and
/// sound (AAC); see the table in media_samples.cpp. Throws when ffmpeg fails.
std::filesystem::path sample_path(std::string const& name);

/// The bytes of the sample.
std::string sample(std::string const& name);

}  // namespace clinikk::media
