#include "unit/media/media_samples.hpp"

#include <array>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include "media/child_process.hpp"
#include "unit/media/temporary_directory.hpp"

namespace clinikk::media {
namespace {

// What follows the inputs; inputs are other samples, or @video and @audio for generated ones.
struct Recipe {
    std::string_view name;
    std::string_view inputs;
    std::string_view options;
};

constexpr std::array recipes{
    Recipe{"tiny.mp4", "@video @audio", "-c:v libx264 -pix_fmt yuv420p -c:a aac -shortest"},
    Recipe{"faststart.mp4", "tiny.mp4", "-c copy -movflags +faststart"},
    Recipe{"fragmented.mp4", "tiny.mp4",
           "-c copy -movflags +frag_keyframe+empty_moov+default_base_moof -frag_duration 200000"},
    Recipe{"tiny.m4v", "tiny.mp4", "-c copy"},
    Recipe{"tiny.mov", "tiny.mp4", "-c copy"},
    Recipe{"tiny.3gp", "tiny.mp4", "-c copy"},
    Recipe{"tiny.m4a", "tiny.mp4", "-vn -c copy"},
    Recipe{"tiny.mkv", "tiny.mp4", "-c copy"},
    Recipe{"tiny.mka", "tiny.mp4", "-vn -c copy"},
    Recipe{"tiny.webm", "tiny.mp4", "-c:v libvpx -c:a libopus"},
    Recipe{"sound.webm", "tiny.mp4", "-vn -c:a libopus"},
    Recipe{"tiny.ts", "tiny.mp4", "-c copy"},
    Recipe{"tiny.m2ts", "tiny.mp4", "-c copy -mpegts_m2ts_mode 1 -f mpegts"},
    Recipe{"tiny.mpg", "tiny.mp4", "-c:v mpeg2video -r 25 -c:a mp2 -f mpeg"},
    Recipe{"tiny.avi", "tiny.mp4", "-c:v mpeg4 -c:a libmp3lame"},
    Recipe{"tiny.mp3", "tiny.mp4", "-vn -c:a libmp3lame"},
    Recipe{"untagged.mp3", "tiny.mp4", "-vn -c:a libmp3lame -id3v2_version 0 -write_xing 0"},
    Recipe{"tiny.mp2", "tiny.mp4", "-vn -c:a mp2"},
    Recipe{"tiny.aac", "tiny.mp4", "-vn -c:a copy -f adts"},
    Recipe{"tiny.wav", "tiny.mp4", "-vn"},
    Recipe{"rf64.wav", "tiny.mp4", "-vn -rf64 always"},
    Recipe{"tiny.flac", "tiny.mp4", "-vn"},
    Recipe{"tiny.ogg", "tiny.mp4", "-vn -c:a libvorbis"},
    Recipe{"tiny.opus", "tiny.mp4", "-vn -c:a libopus"},
    Recipe{"tiny.ogv", "tiny.mp4", "-c:v libtheora -c:a libvorbis"},
    Recipe{"silent.mp4", "@video", "-c:v libx264 -pix_fmt yuv420p"},
    Recipe{"anamorphic.mp4", "@video", "-vf setsar=2/1 -c:v libx264 -pix_fmt yuv420p"},
    Recipe{"encrypted.mp4", "silent.mp4",
           "-c copy -encryption_scheme cenc-aes-ctr -encryption_key 76a6c65c5ea762046bd749a2e632ccbb "
           "-encryption_kid a7e61c373e219033c21091fa607bf3b8"},
    Recipe{"cover.png", "@video", "-frames:v 1"},
    Recipe{"cover.mp3", "tiny.mp3 cover.png", "-map 0 -map 1 -c:a copy -c:v png -disposition:v attached_pic"},
    Recipe{"cover.m4a", "tiny.m4a cover.png", "-map 0 -map 1 -c:a copy -c:v png -disposition:v attached_pic"},
    Recipe{"cover.flac", "tiny.flac cover.png", "-map 0 -map 1 -c:a copy -c:v png -disposition:v attached_pic"},
    Recipe{"tiny.flv", "tiny.mp4", "-c copy"},
    Recipe{"tiny.aiff", "tiny.mp4", "-vn"},
    Recipe{"tiny.gif", "@video", ""},
    // Larger than what is kept of them, and with little to compress in it.
    Recipe{"large.ts", "@noise @audio", "-c:v mpeg2video -b:v 20M -c:a mp2 -f mpegts"},
    Recipe{"large.mpg", "@noise @audio", "-c:v mpeg2video -b:v 20M -c:a mp2 -f mpeg"},
    Recipe{"large.mp4", "@noise @audio", "-c:v mpeg4 -qscale:v 1 -c:a aac"},
    Recipe{"large-fragmented.mp4", "large.mp4", "-c copy -movflags +frag_keyframe+empty_moov+default_base_moof"},
    Recipe{"large.mkv", "@noise @audio", "-c:v huffyuv -pix_fmt rgb24 -c:a aac"},
    Recipe{"large.avi", "large.mp4", "-c:v copy -c:a libmp3lame"},
};

std::vector<std::string> words(std::string_view text) {
    std::istringstream stream{std::string(text)};
    return {std::istream_iterator<std::string>(stream), {}};
}

void make(Recipe const& recipe, std::filesystem::path const& path) {
    ChildCommand command{"/usr/bin/ffmpeg", {"ffmpeg", "-nostdin", "-v", "error", "-y"}};
    auto& arguments = command.arguments;
    for (auto const& input : words(recipe.inputs)) {
        if (input == "@video") {
            arguments.insert(arguments.end(), {"-f", "lavfi", "-i", "testsrc=duration=2:size=64x48:rate=10"});
        } else if (input == "@noise") {
            arguments.insert(arguments.end(),
                             {"-f", "lavfi", "-i", "color=gray:s=320x240:r=25:d=8,noise=alls=100:allf=t"});
        } else if (input == "@audio") {
            auto const* seconds = recipe.inputs.starts_with("@noise") ? "sine=duration=8" : "sine=duration=2";
            arguments.insert(arguments.end(), {"-f", "lavfi", "-i", seconds});
        } else {
            arguments.insert(arguments.end(), {"-i", sample_path(input).string()});
        }
    }
    for (auto& option : words(recipe.options)) arguments.push_back(std::move(option));
    arguments.insert(arguments.end(),
                     {"-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", path.string()});
    command.deadline = std::chrono::minutes(2);
    auto const result = run_child(command);
    if (result.end != ChildEnd::exited || result.code != 0) {
        throw std::runtime_error("ffmpeg did not make " + path.string() + ": " + result.errors);
    }
}

}  // namespace

std::filesystem::path sample_path(std::string const& name) {
    static TemporaryDirectory const directory;
    auto path = directory.path() / name;
    if (std::filesystem::exists(path)) return path;
    for (auto const& recipe : recipes) {
        if (recipe.name != name) continue;
        make(recipe, path);
        return path;
    }
    throw std::runtime_error("there is no sample " + name);
}

std::string sample(std::string const& name) {
    std::ifstream file(sample_path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace clinikk::media
