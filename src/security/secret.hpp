#pragma once

#include <filesystem>
#include <string>

namespace clinikk {

/// The secret that signs tokens, from a file of mode 0600. If the file does not exist, 32 random bytes in hexadecimal
/// are stored there first; of several processes that start at once, all get the same secret. Throws
/// `std::runtime_error` with a sentence for the operator when others can read the file, when it is not a regular file,
/// or when it holds fewer than 32 bytes; throws `std::system_error` when it cannot be read or made. The directory must
/// exist.
std::string load_or_create_secret(std::filesystem::path const& path);

}  // namespace clinikk
