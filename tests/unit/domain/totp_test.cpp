#include "domain/totp.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "base/hmac.hpp"

namespace clinikk {
namespace {

using std::chrono::seconds;

std::string const secret = "12345678901234567890";

Timestamp at(std::int64_t time) { return Timestamp(seconds(time)); }

/// RFC 6238 appendix B, for SHA-1; of its eight digits the last six.
TEST(Totp, GivesTheCodesOfTheStandard) {
    std::pair<std::int64_t, std::string_view> const expected[] = {
        {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
        {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
    };
    for (auto const& [time, code] : expected) EXPECT_EQ(totp_code(secret, totp_step(at(time))), code);
}

TEST(Totp, TakesTheStepBeforeAndAfterAndNoOther) {
    std::int64_t const now = 1'000'000;
    for (std::int64_t step = now - 3; step <= now + 3; ++step) {
        auto const match = match_totp(secret, totp_code(secret, step), at(now * 30 + 7), 0);
        bool const is_near = step >= now - 1 && step <= now + 1;
        EXPECT_EQ(match, is_near ? std::optional(step) : std::nullopt) << step - now;
    }
}

TEST(Totp, TakesNoStepTwice) {
    std::int64_t const now = 1'000'000;
    EXPECT_FALSE(match_totp(secret, totp_code(secret, now), at(now * 30), now));
    EXPECT_FALSE(match_totp(secret, totp_code(secret, now - 1), at(now * 30), now));
    EXPECT_EQ(match_totp(secret, totp_code(secret, now + 1), at(now * 30), now), now + 1);
}

TEST(Totp, TakesNothingElse) {
    auto const code = totp_code(secret, 2);
    for (std::string const& wrong : {std::string(), code.substr(1), code + "0", " " + code, std::string(6, '\0')}) {
        EXPECT_FALSE(match_totp(secret, wrong, at(60), 0)) << wrong;
    }
}

TEST(Totp, AddressesAreEscaped) {
    EXPECT_EQ(totp_address("Clinikk TV", "a&b?c@example.org", "MZXW6YTBOI"),
              "otpauth://totp/Clinikk%20TV:a%26b%3Fc%40example.org?secret=MZXW6YTBOI&issuer=Clinikk%20TV"
              "&algorithm=SHA1&digits=6&period=30");
}

/// RFC 4648 section 10.
TEST(Base32, GivesTheTextsOfTheStandard) {
    std::pair<std::string_view, std::string_view> const expected[] = {
        {"", ""},
        {"f", "MY"},
        {"fo", "MZXQ"},
        {"foo", "MZXW6"},
        {"foob", "MZXW6YQ"},
        {"fooba", "MZXW6YTB"},
        {"foobar", "MZXW6YTBOI"},
    };
    for (auto const& [bytes, text] : expected) EXPECT_EQ(to_base32(bytes), text);
}

/// RFC 5869 appendix A.3: no salt and no purpose.
TEST(DeriveKey, GivesTheKeyOfTheStandard) {
    auto const key = derive_key(std::string(22, '\x0b'), "");
    EXPECT_EQ(to_hex({reinterpret_cast<std::uint8_t const*>(key.data()), key.size()}),
              "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
    EXPECT_NE(derive_key("secret", "one purpose"), derive_key("secret", "another purpose"));
}

}  // namespace
}  // namespace clinikk
