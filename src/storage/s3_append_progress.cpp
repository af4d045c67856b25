#include "storage/s3_append_progress.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include "base/json.hpp"
#include "base/json_text.hpp"
#include "base/random.hpp"

namespace clinikk {
namespace {

[[noreturn]] void refuse() { throw std::runtime_error("the state of an append cannot be understood"); }

std::uint64_t to_number(JsonValue const* value) {
    std::uint64_t number = 0;
    if (value == nullptr || value->kind != JsonValue::Kind::integer) refuse();
    auto const& digits = value->text;
    auto const [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (failure != std::errc{} || end != digits.data() + digits.size()) refuse();
    return number;
}

std::string progress_text(JsonValue const& value, std::string_view name) {
    auto const* const text = value.find_text(name);
    return text != nullptr ? *text : std::string();
}

/// ETags are kept without their quotes, which JSON would have to escape.
std::string_view without_quotes(std::string_view etag) {
    bool const is_quoted = etag.size() >= 2 && etag.front() == '"' && etag.back() == '"';
    return is_quoted ? etag.substr(1, etag.size() - 2) : etag;
}

std::vector<s3::UploadedPart> to_parts(JsonValue const& list) {
    std::vector<s3::UploadedPart> parts;
    if (list.kind != JsonValue::Kind::array || list.items.size() % 2 != 0) refuse();
    for (std::size_t at = 0; at < list.items.size(); at += 2) {
        auto const& etag = list.items[at + 1];
        if (etag.kind != JsonValue::Kind::text) refuse();
        parts.push_back({static_cast<int>(parts.size()) + 1, to_number(&list.items[at]), '"' + etag.text + '"'});
    }
    return parts;
}

}  // namespace

std::uint64_t S3Progress::size_of_parts() const noexcept {
    std::uint64_t size = 0;
    for (auto const& part : parts) size += part.size;
    return size;
}

AppendState to_append_state(S3Progress const& progress) {
    AppendState state{progress.size()};
    if (progress.upload_id.empty() && progress.tail.empty()) return state;
    auto& text = state.progress;
    text.reserve(128 + 48 * progress.parts.size());
    text = '{';
    if (!progress.upload_id.empty()) {
        text += R"("upload":)";
        append_json_string(text, progress.upload_id);
        text += R"(,"parts":[)";
        for (auto const& part : progress.parts) {
            if (text.back() != '[') text += ',';
            text += std::to_string(part.size) + ',';
            append_json_string(text, without_quotes(part.etag));
        }
        text += ']';
    }
    if (!progress.tail.empty()) {
        if (text.size() > 1) text += ',';
        text += R"("tail":)";
        append_json_string(text, progress.tail);
        text += R"(,"tail_size":)" + std::to_string(progress.tail_size);
    }
    text += '}';
    return state;
}

S3Progress parse_append_state(AppendState const& state) {
    S3Progress progress;
    if (!state.progress.empty()) {
        auto const parsed = read_json(state.progress);
        if (!parsed || parsed->kind != JsonValue::Kind::object) refuse();
        progress.upload_id = progress_text(*parsed, "upload");
        if (auto const* const parts = parsed->find("parts")) progress.parts = to_parts(*parts);
        progress.tail = progress_text(*parsed, "tail");
        if (!progress.tail.empty()) progress.tail_size = to_number(parsed->find("tail_size"));
    }
    if (progress.size() != state.size || (progress.upload_id.empty() && !progress.parts.empty())) refuse();
    return progress;
}

std::string s3_append_key(std::string_view write_id) { return "objects/" + std::string(write_id); }

std::string s3_tail_key(std::string_view key, std::string_view tail) {
    return std::string(key) + '.' + std::string(tail);
}

std::string make_tail_name() {
    constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
    std::array<std::uint8_t, 5> random{};
    fill_random(random);
    std::string name;
    for (auto const byte : random) name += alphabet[byte % alphabet.size()];
    return name;
}

}  // namespace clinikk
