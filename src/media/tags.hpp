#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "media/sample_tables.hpp"

namespace clinikk::media {

/// The number of bytes that `leading_tag` needs.
constexpr std::size_t tag_header_size = 32;

/// The length of the tag that begins here, in bytes with its header and footer: ID3v2 (section 3 of its versions 2.2 to
/// 2.4) or APEv2 with a header. Empty when no tag begins here.
std::optional<std::uint64_t> leading_tag(std::string_view bytes) noexcept;

/// The start of the tags after the media of a file: ID3v1 with its enhanced form (TAG+), APEv1 and APEv2 with and
/// without header, Lyrics3 in both versions, ID3v2 with a footer, in any order. The file has `size` bytes, of which
/// `bytes` has at least the last; tags whose end is not among them are not found. `size` when there are none.
std::uint64_t trailing_tags(RandomBytes const& bytes, std::uint64_t size);

}  // namespace clinikk::media
