#pragma once

#include <string_view>

#include "base/uuid.hpp"

namespace clinikk {

/// Returns whether `key` has the form of our keys, `video/0190b5f0-0000-7000-8000-0123456789ab.mp4`: a folder of
/// lower-case letters, a lower-case UUID, and an extension of 1 to 5 lower-case letters and digits. In the folder
/// `objects` there need not be an extension: `objects/0190b5f0-0000-7000-8000-0123456789ab`. Nothing else ever becomes
/// a path.
bool is_object_key(std::string_view key) noexcept;

/// Throws `std::invalid_argument` unless `key` has that form. Keys come from our own rows, so another form is a defect.
void require_object_key(std::string_view key);

/// The UUID in the key; all zeros when the key has another form.
Uuid id_of_object_key(std::string_view key) noexcept;

/// Returns whether `id` can name temporary bytes: a lower-case UUID.
bool is_write_id(std::string_view id) noexcept;

}  // namespace clinikk
