#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

/// The header fields of tus 1.0.0 (https://tus.io/protocols/resumable-upload).
namespace clinikk::http {

inline constexpr std::string_view tus_version = "1.0.0";

/// A non-negative integer in decimal digits (Upload-Offset, Upload-Length). A number that does not fit is the largest
/// one: it passes every limit. Empty for anything else.
std::optional<std::uint64_t> parse_byte_count(std::string_view field) noexcept;

/// A pair in Upload-Metadata.
struct TusMetadataPair {
    std::string_view key;  ///< a view into the field
    std::string value;     ///< decoded: any bytes
};

inline constexpr std::size_t max_tus_metadata = 32UL * 1024;  ///< bytes of Upload-Metadata
inline constexpr std::size_t max_tus_metadata_pairs = 64;

/// Upload-Metadata (extension Creation): pairs with commas between them, each a key, a space, and the value in base64.
/// The space and the value may be left out. Blanks around pairs are ignored. Keys are visible ASCII characters without
/// the comma, and unique. Fails with `upload_metadata_malformed`. `field` must outlive the pairs.
Result<std::vector<TusMetadataPair>> parse_tus_metadata(std::string_view field);

/// Upload-Concat (extension Concatenation).
struct TusConcat {
    bool is_final = false;
    std::vector<std::string_view> addresses{};  ///< of a final upload: of the partial ones, as they came; views
};

/// `partial`, or `final;` and addresses with spaces between them. Fails with `upload_concat_invalid`. `field` must
/// outlive the addresses.
Result<TusConcat> parse_tus_concat(std::string_view field);

/// Upload-Checksum (extension Checksum).
struct TusChecksum {
    std::string_view algorithm;  ///< lower-case letters, digits, hyphens; a view into the field
    std::string digest;          ///< raw bytes
};

/// The name of an algorithm, a space, and the checksum in base64. Fails with `bad_request`.
Result<TusChecksum> parse_tus_checksum(std::string_view field);

/// Whether a Trailer field (RFC 9110 section 6.6.2) announces a field of that name.
bool announces_trailer(std::string_view trailer_field, std::string_view name) noexcept;

}  // namespace clinikk::http
