#pragma once

#include <memory>
#include <string>
#include <vector>

#include "domain/credentials.hpp"

namespace clinikk {

/// Seals with XChaCha20-Poly1305. Its keys are derived from the secrets (HKDF, RFC 5869): the first one seals, all of
/// them open.
std::unique_ptr<SecretBox> make_secret_box(std::vector<std::string> const& secrets);

}  // namespace clinikk
