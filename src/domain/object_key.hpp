#pragma once

#include <string_view>

#include "base/uuid.hpp"

namespace clinikk {

/// Whether `key` is one of ours: `video/0190b5f0-0000-7000-8000-0123456789ab.mp4`, that is a folder of lower-case
/// letters, a lower-case UUID, and an extension of 1 to 5 lower-case letters and digits. Nothing else is ever made
/// into a path.
bool is_object_key(std::string_view key) noexcept;

/// Throws `std::invalid_argument` unless it is: keys come from our own rows, another one is a defect.
void require_object_key(std::string_view key);

/// The UUID in it; all zeros when it is no such key.
Uuid id_of_object_key(std::string_view key) noexcept;

/// Whether `id` can name temporary bytes: a lower-case UUID.
bool is_write_id(std::string_view id) noexcept;

}  // namespace clinikk
