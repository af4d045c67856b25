#include "domain/totp.hpp"

#include <array>

#include "base/encoding.hpp"
#include "base/hmac.hpp"

namespace clinikk {
namespace {

constexpr std::chrono::seconds step_length{30};
constexpr std::uint32_t code_space = 1'000'000;
constexpr std::size_t code_length = 6;

}  // namespace

std::int64_t totp_step(Timestamp at) {
    return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch() / step_length;
}

std::string totp_code(std::string_view secret, std::int64_t step) {
    std::array<char, 8> counter{};
    for (std::size_t i = 0; i < counter.size(); ++i) {
        counter[i] = static_cast<char>(static_cast<std::uint64_t>(step) >> (56 - 8 * i));
    }
    auto const digest = hmac_sha1(secret, {counter.data(), counter.size()});
    std::size_t const offset = digest.back() & 15U;
    std::uint32_t number = digest[offset] & 127U;
    for (std::size_t i = 1; i < 4; ++i) number = number << 8 | digest[offset + i];
    auto const digits = std::to_string(number % code_space);
    return std::string(code_length - digits.size(), '0') + digits;
}

std::optional<std::int64_t> match_totp(std::string_view secret, std::string_view code, Timestamp at,
                                       std::int64_t last_step) {
    auto const now = totp_step(at);
    for (auto step = now - 1; step <= now + 1; ++step) {
        if (step > last_step && totp_code(secret, step) == code) return step;
    }
    return std::nullopt;
}

std::string totp_address(std::string_view issuer, std::string_view account, std::string_view secret) {
    auto const name = percent_encode(issuer);
    return "otpauth://totp/" + name + ':' + percent_encode(account) + "?secret=" + std::string(secret) +
           "&issuer=" + name + "&algorithm=SHA1&digits=6&period=30";
}

}  // namespace clinikk
