#include "http/message/tus_fields.hpp"

#include <algorithm>
#include <limits>

#include "base/encoding.hpp"
#include "http/message/syntax.hpp"

namespace clinikk::http {
namespace {

Error malformed_metadata(std::string_view detail) {
    return {ErrorCode::upload_metadata_malformed, "Upload-Metadata " + std::string(detail)};
}

bool is_visible(char c) noexcept { return c > ' ' && c < '\x7f'; }

Result<TusMetadataPair> parse_pair(std::string_view element) {
    auto const space = element.find(' ');
    auto const key = element.substr(0, space);
    if (key.empty()) return malformed_metadata("has a pair without a key");
    if (!std::ranges::all_of(key, is_visible)) return malformed_metadata("has a key with other than visible ASCII");
    auto const encoded = space == element.npos ? std::string_view() : trim_blanks(element.substr(space + 1));
    auto value = from_base64(encoded);
    if (!value) return malformed_metadata("has a value that is not base64");
    return TusMetadataPair{key, std::move(*value)};
}

bool is_algorithm_char(char c) noexcept { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-'; }

}  // namespace

std::optional<std::uint64_t> parse_byte_count(std::string_view field) noexcept {
    if (field.empty() || !std::ranges::all_of(field, is_digit)) return std::nullopt;
    return parse_digits(field).value_or(std::numeric_limits<std::uint64_t>::max());
}

Result<std::vector<TusMetadataPair>> parse_tus_metadata(std::string_view field) {
    if (field.size() > max_tus_metadata) return malformed_metadata("is too long");
    std::vector<TusMetadataPair> pairs;
    for (auto rest = field;;) {
        bool const is_last = rest.find(',') == rest.npos;
        auto pair = parse_pair(take_list_element(rest));
        if (!pair) return pair.error();
        if (std::ranges::find(pairs, pair->key, &TusMetadataPair::key) != pairs.end()) {
            return malformed_metadata("has a key twice");
        }
        pairs.push_back(std::move(*pair));
        if (pairs.size() > max_tus_metadata_pairs) return malformed_metadata("has too many pairs");
        if (is_last) return pairs;
    }
}

Result<TusConcat> parse_tus_concat(std::string_view field) {
    constexpr std::string_view final_prefix = "final;";
    TusConcat concat;
    if (field == "partial") return concat;
    if (!field.starts_with(final_prefix)) {
        return Error(ErrorCode::upload_concat_invalid, "Upload-Concat is neither partial nor final");
    }
    concat.is_final = true;
    for (auto rest = field.substr(final_prefix.size()); !rest.empty();) {
        auto const end = std::min(rest.find(' '), rest.size());
        if (end > 0) concat.addresses.push_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    bool const are_visible = std::ranges::all_of(
        concat.addresses, [](std::string_view address) { return std::ranges::all_of(address, is_visible); });
    if (concat.addresses.empty() || !are_visible) {
        return Error(ErrorCode::upload_concat_invalid, "Upload-Concat names no partial uploads");
    }
    return concat;
}

Result<TusChecksum> parse_tus_checksum(std::string_view field) {
    auto const space = field.find(' ');
    auto const algorithm = field.substr(0, space);
    bool const is_name = !algorithm.empty() && std::ranges::all_of(algorithm, is_algorithm_char);
    if (is_name && space != field.npos) {
        auto digest = from_base64(trim_blanks(field.substr(space + 1)));
        if (digest && !digest->empty()) return TusChecksum{algorithm, std::move(*digest)};
    }
    return Error(ErrorCode::bad_request, "Upload-Checksum is not the name of an algorithm and a checksum in base64");
}

bool announces_trailer(std::string_view trailer_field, std::string_view name) noexcept {
    while (!trailer_field.empty()) {
        if (same_ignoring_case(take_list_element(trailer_field), name)) return true;
    }
    return false;
}

}  // namespace clinikk::http
