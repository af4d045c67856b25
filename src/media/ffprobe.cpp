#include "media/ffprobe.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/json.hpp"
#include "media/container_names.hpp"

namespace clinikk::media {
namespace {

using Kind = JsonValue::Kind;

constexpr std::int64_t max_ms = std::int64_t{1000} * 86400 * 366 * 10;  // ten years
constexpr std::int64_t max_bit_rate = 1'000'000'000'000;
constexpr std::int64_t max_pixels = 65536;

constexpr std::string_view entries =
    "format=format_name,start_time,duration,bit_rate:format_tags=major_brand:"
    "stream=codec_type,codec_name,width,height,sample_aspect_ratio,duration:"
    "stream_disposition=attached_pic,timed_thumbnails,still_image:"
    "stream_tags=rotate,enc_key_id:stream_side_data=rotation";

std::string_view text_of(JsonValue const& object, std::string_view name) {
    auto const* const text = object.find_text(name);
    return text == nullptr ? std::string_view() : *text;
}

// ffprobe writes some numbers as JSON numbers and others as text.
std::optional<double> number_of(JsonValue const& object, std::string_view name) {
    auto const* const value = object.find(name);
    bool const is_scalar =
        value != nullptr && (value->kind == Kind::integer || value->kind == Kind::number || value->kind == Kind::text);
    if (!is_scalar) return std::nullopt;
    auto const& text = value->text;
    double number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
    return number;
}

std::optional<std::int64_t> whole_number(JsonValue const& object, std::string_view name, double factor,
                                         std::int64_t least, std::int64_t most) {
    auto const number = number_of(object, name);
    if (!number) return std::nullopt;
    auto const scaled = std::round(*number * factor);
    if (!(scaled >= static_cast<double>(least) && scaled <= static_cast<double>(most))) return std::nullopt;
    return static_cast<std::int64_t>(scaled);
}

/// Null when the member is absent or of another kind.
JsonValue const* find(JsonValue const& parent, std::string_view name, Kind kind) {
    auto const* const value = parent.find(name);
    return value == nullptr || value->kind != kind ? nullptr : value;
}

// The rotation in degrees, from the display matrix, or from the tag into which old versions of FFmpeg convert it.
double rotation_of(JsonValue const& stream) {
    if (auto const* list = find(stream, "side_data_list", Kind::array)) {
        for (auto const& entry : list->items) {
            if (auto const rotation = number_of(entry, "rotation")) return *rotation;
        }
    }
    auto const* tags = find(stream, "tags", Kind::object);
    return tags == nullptr ? 0 : number_of(*tags, "rotate").value_or(0);
}

// The width of the picture with square pixels.
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

ProbedStream read_stream(JsonValue const& object) {
    ProbedStream stream;
    stream.type = text_of(object, "codec_type");
    auto const codec = text_of(object, "codec_name");
    if (codec != "unknown") stream.codec = codec;
    if (auto const* disposition = find(object, "disposition", Kind::object)) {
        for (auto const* name : {"attached_pic", "timed_thumbnails", "still_image"}) {
            if (number_of(*disposition, name).value_or(0) != 0) stream.picture = true;
        }
    }
    auto const* tags = find(object, "tags", Kind::object);
    stream.encrypted = tags != nullptr && tags->find("enc_key_id") != nullptr;  // WebM
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
    // Less than what is kept of the beginning of a file: holes follow.
    arguments.insert(arguments.end(), {"-probesize", "4000000", "-analyzeduration", "10000000", "-max_streams", "100"});
    arguments.insert(arguments.end(),
                     {"-show_entries", std::string(entries), "-of", "json=compact=1", "-i", "file:/proc/self/fd/3"});
    return arguments;
}

std::optional<ProbeReport> read_probe_report(std::string_view text) {
    auto const root = read_json(text);
    if (!root) return std::nullopt;
    auto const* format = find(*root, "format", Kind::object);
    auto const* streams = find(*root, "streams", Kind::array);
    if (format == nullptr || streams == nullptr) return std::nullopt;

    ProbeReport report;
    report.format = text_of(*format, "format_name");
    if (auto const* tags = find(*format, "tags", Kind::object)) report.major_brand = text_of(*tags, "major_brand");
    report.start_ms = whole_number(*format, "start_time", 1000, 0, max_ms);
    report.duration_ms = whole_number(*format, "duration", 1000, 1, max_ms);
    report.bit_rate = whole_number(*format, "bit_rate", 1, 1, max_bit_rate);
    for (auto const& stream : streams->items) {
        if (stream.kind == Kind::object) report.streams.push_back(read_stream(stream));
    }
    return report;
}

}  // namespace clinikk::media
