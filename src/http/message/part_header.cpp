#include "http/message/part_header.hpp"

#include <utility>
#include <vector>

#include "base/json_text.hpp"
#include "http/message/content_disposition.hpp"
#include "http/message/parameters.hpp"
#include "http/message/syntax.hpp"

namespace clinikk::http {
namespace {

constexpr std::string_view malformed_disposition = "A part's Content-Disposition field is malformed.";

bool has_control_characters(std::string_view text) noexcept {
    auto const* const end = text.data() + text.size();
    return find_forbidden_in_value(text.data(), end) != end;
}

class DispositionReader {
public:
    std::string_view read(std::string_view value, PartHeader& out);

private:
    bool take(ParameterReader& parameter);

    std::vector<std::string> seen_{};
    std::optional<std::string> name_{};
    std::optional<std::string> file_name_{};
    std::optional<std::string> extended_file_name_{};
};

std::string_view DispositionReader::read(std::string_view value, PartHeader& out) {
    auto const type = trim_blanks(value.substr(0, value.find(';')));
    if (!same_ignoring_case(type, "form-data")) return "A part's Content-Disposition is not form-data.";
    ParameterReader parameter(value.substr(type.size()), ParameterReader::Escapes::quotes);
    while (true) {
        auto const outcome = parameter.next();
        if (outcome == ParameterReader::Outcome::end) break;
        if (outcome == ParameterReader::Outcome::malformed || !take(parameter)) return malformed_disposition;
    }
    if (!name_) return "A part has no name.";
    if (!is_utf8(*name_)) return "A part's name is not UTF-8.";
    out.name = std::move(*name_);
    out.file_name = extended_file_name_ ? std::move(extended_file_name_) : std::move(file_name_);
    return {};
}

bool DispositionReader::take(ParameterReader& parameter) {
    constexpr std::size_t max_parameters = 16;
    auto key = to_lower(parameter.name());
    for (auto const& other : seen_) {
        if (other == key) return false;
    }
    if (!parameter.quoted() && !is_token(parameter.value())) return false;
    if (key == "name") {
        name_ = std::move(parameter.value());
    } else if (key == "filename") {
        file_name_ = with_valid_utf8(parameter.value());
    } else if (key == "filename*") {
        extended_file_name_ = decode_extended_value(parameter.value());
        if (!extended_file_name_ || parameter.quoted()) return false;
    }
    seen_.push_back(std::move(key));
    return seen_.size() <= max_parameters;
}

bool leaves_bytes_alone(std::string_view transfer_encoding) noexcept {
    return same_ignoring_case(transfer_encoding, "binary") || same_ignoring_case(transfer_encoding, "8bit") ||
           same_ignoring_case(transfer_encoding, "7bit");
}

/// The fields that are read, while a header is gone through.
struct Seen {
    bool disposition = false;
    bool transfer_encoding = false;
};

std::string_view take_field(std::string_view name, std::string_view value, Seen& seen, PartHeader& out) {
    if (same_ignoring_case(name, "content-disposition")) {
        if (std::exchange(seen.disposition, true)) return "A part has several Content-Disposition fields.";
        return DispositionReader().read(value, out);
    }
    if (same_ignoring_case(name, "content-type")) {
        if (out.content_type) return "A part has several Content-Type fields.";
        out.content_type = std::string(value);
    } else if (same_ignoring_case(name, "content-transfer-encoding")) {
        if (std::exchange(seen.transfer_encoding, true)) return "A part has several Content-Transfer-Encoding fields.";
        if (!leaves_bytes_alone(value)) return "A part's Content-Transfer-Encoding is not binary, 8bit or 7bit.";
    }
    return {};
}

}  // namespace

std::string_view parse_part_header(std::string_view block, PartHeader& out) {
    Seen seen;
    while (!block.empty()) {
        auto const end = block.find("\r\n");
        auto const line = block.substr(0, end);
        block.remove_prefix(end == std::string_view::npos ? block.size() : end + 2);
        auto const colon = line.find(':');
        if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
            return "A part's header has a line that is not a field.";
        }
        auto const value = trim_blanks(line.substr(colon + 1));
        if (has_control_characters(value)) return "A part's header has a control character.";
        auto const reason = take_field(line.substr(0, colon), value, seen, out);
        if (!reason.empty()) return reason;
    }
    return seen.disposition ? std::string_view() : "A part has no Content-Disposition field.";
}

}  // namespace clinikk::http
