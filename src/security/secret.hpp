#pragma once

#include <filesystem>
#include <string>

namespace clinikk {

/// The secret that tokens are signed with, from a file of mode 0600; when there is none yet, 32 random bytes in
/// hexadecimal are put there first. Of several processes that start at once all get the same. Throws
/// `std::runtime_error` with a sentence for the operator when the file can be read by others, is no regular file, or
/// holds fewer than 32 bytes; `std::system_error` when it cannot be read or made. The directory must exist.
std::string load_or_create_secret(std::filesystem::path const& path);

}  // namespace clinikk
