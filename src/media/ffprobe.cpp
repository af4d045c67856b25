#include "media/ffprobe.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "media/container_names.hpp"

namespace clinikk::media {
namespace {

namespace json = boost::json;

constexpr std::int64_t max_ms = std::int64_t{1000} * 86400 * 366 * 10;  // ten years
constexpr std::int64_t max_bit_rate = 1'000'000'000'000;
constexpr std::int64_t max_pixels = 65536;

constexpr std::string_view entries =
    "format=format_name,start_time,duration,bit_rate:format_tags=major_brand:"
    "stream=codec_type,codec_name,width,height,sample_aspect_ratio,duration:"
    "stream_disposition=attached_pic,timed_thumbnails,still_image:"
    "stream_tags=rotate,enc_key_id:stream_side_data=rotation";

// ffprobe's JSON has numbers as numbers and as text.
std::string_view text_of(json::object const& object, std::string_view name) {
    auto const* value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return {};
    return {value->get_string().data(), value->get_string().size()};
}

std::optional<double> number_of(json::object const& object, std::string_view name) {
    auto const* value = object.if_contains(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_number()) return value->to_number<double>();
    auto const text = text_of(object, name);
    double number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
    return number;
}

std::optional<std::int64_t> whole_number(json::object const& object, std::string_view name, double factor,
                                         std::int64_t least, std::int64_t most) {
    auto const number = number_of(object, name);
    if (!number) return std::nullopt;
    auto const scaled = std::round(*number * factor);
    if (!(scaled >= static_cast<double>(least) && scaled <= static_cast<double>(most))) return std::nullopt;
    return static_cast<std::int64_t>(scaled);
}

json::object const* object_in(json::object const& parent, std::string_view name) {
    auto const* value = parent.if_contains(name);
    return value == nullptr ? nullptr : value->if_object();
}

json::array const* array_in(json::object const& parent, std::string_view name) {
    auto const* value = parent.if_contains(name);
    return value == nullptr ? nullptr : value->if_array();
}

// Degrees; from the display matrix, or from the tag that old versions of FFmpeg made of it.
double rotation_of(json::object const& stream) {
    if (auto const* list = array_in(stream, "side_data_list")) {
        for (auto const& entry : *list) {
            if (auto const* data = entry.if_object()) {
                if (auto const rotation = number_of(*data, "rotation")) return *rotation;
            }
        }
    }
    auto const* tags = object_in(stream, "tags");
    return tags == nullptr ? 0 : number_of(*tags, "rotate").value_or(0);
}

// The width of the picture when its pixels are made square.
std::int64_t square_pixels(std::int64_t width, std::string_view ratio) {
    std::int64_t across = 0;
    std::int64_t down = 0;
    auto const* const end = ratio.data() + ratio.size();
    auto const first = std::from_chars(ratio.data(), end, across);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != ':') return width;
    auto const second = std::from_chars(first.ptr + 1, end, down);
    if (second.ec != std::errc() || second.ptr != end) return width;
    if (across <= 0 || down <= 0 || across == down) return width;
    auto const scaled =
        std::round(static_cast<double>(width) * static_cast<double>(across) / static_cast<double>(down));
    return scaled >= 1 && scaled <= static_cast<double>(max_pixels) ? static_cast<std::int64_t>(scaled) : width;
}

ProbedStream read_stream(json::object const& object) {
    ProbedStream stream;
    stream.type = text_of(object, "codec_type");
    auto const codec = text_of(object, "codec_name");
    if (codec != "unknown") stream.codec = codec;
    if (auto const* disposition = object_in(object, "disposition")) {
        for (auto const* name : {"attached_pic", "timed_thumbnails", "still_image"}) {
            if (number_of(*disposition, name).value_or(0) != 0) stream.picture = true;
        }
    }
    auto const* tags = object_in(object, "tags");
    stream.encrypted = tags != nullptr && tags->contains("enc_key_id");  // WebM
    stream.duration_ms = whole_number(object, "duration", 1000, 1, max_ms);
    auto const width = whole_number(object, "width", 1, 1, max_pixels);
    auto const height = whole_number(object, "height", 1, 1, max_pixels);
    if (width && height) {
        stream.width = square_pixels(*width, text_of(object, "sample_aspect_ratio"));
        stream.height = *height;
        if (static_cast<std::int64_t>(std::round(std::abs(rotation_of(object)))) % 180 == 90) {
            std::swap(stream.width, stream.height);
        }
    }
    return stream;
}

}  // namespace

std::vector<std::string> ffprobe_arguments(Container container) {
    std::string const demuxer(names_of(container).demuxer);
    std::vector<std::string> arguments{"-v", "error", "-hide_banner", "-protocol_whitelist", "file"};
    if (!demuxer.empty()) {
        arguments.insert(arguments.end(), {"-format_whitelist", demuxer, "-f", demuxer});
    } else {
        arguments.insert(arguments.end(), {"-format_whitelist", "mp3,aac,flac"});
    }
    // Less than what is kept of a file's beginning: behind it are holes.
    arguments.insert(arguments.end(), {"-probesize", "4000000", "-analyzeduration", "10000000", "-max_streams", "100"});
    arguments.insert(arguments.end(),
                     {"-show_entries", std::string(entries), "-of", "json=compact=1", "-i", "file:/proc/self/fd/3"});
    return arguments;
}

std::optional<ProbeReport> read_probe_report(std::string_view text) {
    boost::system::error_code error;
    auto const value = json::parse({text.data(), text.size()}, error);
    auto const* root = error ? nullptr : value.if_object();
    auto const* format = root == nullptr ? nullptr : object_in(*root, "format");
    auto const* streams = root == nullptr ? nullptr : array_in(*root, "streams");
    if (format == nullptr || streams == nullptr) return std::nullopt;

    ProbeReport report;
    report.format = text_of(*format, "format_name");
    if (auto const* tags = object_in(*format, "tags")) report.major_brand = text_of(*tags, "major_brand");
    report.start_ms = whole_number(*format, "start_time", 1000, 0, max_ms);
    report.duration_ms = whole_number(*format, "duration", 1000, 1, max_ms);
    report.bit_rate = whole_number(*format, "bit_rate", 1, 1, max_bit_rate);
    for (auto const& stream : *streams) {
        if (auto const* object = stream.if_object()) report.streams.push_back(read_stream(*object));
    }
    return report;
}

}  // namespace clinikk::media
