#include "http/message/digest_fields.hpp"

#include <algorithm>
#include <string>

#include "http/message/structured_fields.hpp"
#include "http/message/syntax.hpp"

namespace clinikk::http {

std::optional<Sha256Digest> stated_sha256(RequestHead const& head, std::string_view field_name) {
    std::string lines;
    for (auto const& field : head.fields) {
        if (!same_ignoring_case(field.name, field_name)) continue;
        if (!lines.empty()) lines += ", ";
        lines += field.value;
    }
    auto const digests = parse_dictionary(lines);
    if (!digests) return std::nullopt;
    auto const* const value = find_member(*digests, "sha-256");
    Sha256Digest digest{};
    bool const fits =
        value != nullptr && value->kind == StructuredValue::Kind::bytes && value->bytes.size() == digest.size();
    if (!fits) return std::nullopt;
    std::ranges::copy(value->bytes, digest.begin());
    return digest;
}

}  // namespace clinikk::http
