// The fields of tus: what is accepted has the shape that was promised, and is read again as it was.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/encoding.hpp"
#include "http/message/tus_fields.hpp"

using namespace clinikk;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

std::string encoded(std::string_view text) {
    return to_base64({reinterpret_cast<std::uint8_t const*>(text.data()), text.size()});
}

void check_metadata(std::string_view field) {
    auto const pairs = http::parse_tus_metadata(field);
    if (!pairs) return;
    require(!pairs->empty() && pairs->size() <= http::max_tus_metadata_pairs);
    std::string again;
    for (auto const& [key, value] : *pairs) {
        require(!key.empty() && std::ranges::none_of(key, [](char c) { return c <= ' ' || c == ',' || c > '~'; }));
        require(std::ranges::count(*pairs, key, &http::TusMetadataPair::key) == 1);
        if (!again.empty()) again += ',';
        again.append(key).append(" ").append(encoded(value));
    }
    auto const second = http::parse_tus_metadata(again);
    if (again.size() > http::max_tus_metadata) return;
    require(second && second->size() == pairs->size());
    for (std::size_t i = 0; i < pairs->size(); ++i) {
        require((*second)[i].key == (*pairs)[i].key && (*second)[i].value == (*pairs)[i].value);
    }
}

void check_concat(std::string_view field) {
    auto const concat = http::parse_tus_concat(field);
    if (!concat) return;
    require(concat->is_final == !concat->addresses.empty());
    for (auto const address : concat->addresses) require(!address.empty() && address.find(' ') == address.npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string const field(reinterpret_cast<char const*>(data), size);
    check_metadata(field);
    check_concat(field);
    check_concat("final;" + field);
    auto const checksum = http::parse_tus_checksum(field);
    if (checksum) require(!checksum->algorithm.empty() && !checksum->digest.empty());
    http::parse_byte_count(field);
    http::announces_trailer(field, "Upload-Checksum");
    auto const bytes = from_base64(field);
    if (bytes) require(encoded(*bytes) == field);
    return 0;
}
