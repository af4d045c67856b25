#include "base/hmac.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdexcept>

namespace clinikk {

Sha256Digest hmac_sha256(std::string_view key, std::string_view message) {
    Sha256Digest digest{};
    unsigned length = 0;
    auto const* const bytes = reinterpret_cast<unsigned char const*>(message.data());
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, message.size(), digest.data(), &length) ==
        nullptr) {
        throw std::runtime_error("HMAC is not available");
    }
    return digest;
}

}  // namespace clinikk
