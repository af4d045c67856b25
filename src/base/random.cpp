#include "base/random.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "base/encoding.hpp"

namespace clinikk {

void fill_random(std::span<std::uint8_t> out) {
    std::size_t done = 0;
    while (done < out.size()) {
        auto const got = ::getrandom(out.data() + done, out.size() - done, 0);
        if (got < 0) {
            if (errno == EINTR) continue;
            throw std::system_error(errno, std::generic_category(), "getrandom");
        }
        done += static_cast<std::size_t>(got);
    }
}

std::string make_secret() {
    std::array<std::uint8_t, 32> bytes;
    fill_random(bytes);
    return to_base64url({reinterpret_cast<char const*>(bytes.data()), bytes.size()});
}

}  // namespace clinikk
