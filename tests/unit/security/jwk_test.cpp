#include "security/jwk.hpp"

#include <gtest/gtest.h>

namespace clinikk {
namespace {

/// RFC 7517 appendix A.1.
std::string const x = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
std::string const y = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";
std::string const n =
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
    "BJECPebWKRXjBZCiFV4n3oknjhMs"
    "tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
    "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajr"
    "n1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

std::string ec(std::string const& members) { return R"({"kty":"EC","crv":"P-256",)" + members + "}"; }
std::string ec_key(std::string const& more = {}) { return ec(R"("x":")" + x + R"(","y":")" + y + '"' + more); }
std::string rsa_key(std::string const& modulus = n, std::string const& more = {}) {
    return R"({"kty":"RSA","e":"AQAB","n":")" + modulus + '"' + more + "}";
}

std::vector<VerificationKey> read(std::string const& keys) {
    return read_jwk_set(R"({"keys":[)" + keys + "]}").value();
}

TEST(JwkSet, GivesTheKeysOfTheStandard) {
    auto const keys =
        read(ec_key(R"(,"use":"sig","kid":"1")") + "," + rsa_key(n, R"(,"alg":"RS256","kid":"2011-04-29")"));
    ASSERT_EQ(keys.size(), 2U);
    EXPECT_EQ(keys[0].algorithm, "ES256");
    EXPECT_EQ(keys[0].id, "1");
    EXPECT_TRUE(keys[0].pem.starts_with("-----BEGIN PUBLIC KEY-----"));
    EXPECT_EQ(keys[1].algorithm, "RS256");
    EXPECT_EQ(keys[1].id, "2011-04-29");
    EXPECT_TRUE(keys[1].pem.starts_with("-----BEGIN PUBLIC KEY-----"));
}

TEST(JwkSet, LeavesOutWhatIsForOtherUses) {
    EXPECT_TRUE(read(ec_key(R"(,"use":"enc")")).empty());
    EXPECT_TRUE(read(ec_key(R"(,"alg":"ECDH-ES")")).empty());
    EXPECT_TRUE(read(rsa_key(n, R"(,"alg":"PS256")")).empty());
    EXPECT_TRUE(read(rsa_key(n, R"(,"alg":7)")).empty());
    EXPECT_TRUE(read(R"({"kty":"oct","k":"AAAA"},{"kty":"OKP","crv":"Ed25519","x":"AAAA"},{},7,null,[])").empty());
}

TEST(JwkSet, LeavesOutKeysThatAreNone) {
    EXPECT_TRUE(read(rsa_key("")).empty());
    EXPECT_TRUE(read(rsa_key("AQAB")).empty()) << "short";
    EXPECT_TRUE(read(rsa_key(n.substr(0, 171))).empty()) << "1024 bits";
    EXPECT_TRUE(read(rsa_key(std::string(20'000, 'x'))).empty()) << "huge";
    EXPECT_TRUE(read(rsa_key(n + "!")).empty());
    EXPECT_TRUE(read(ec(R"("x":")" + x + R"(","y":")" + x + '"')).empty()) << "not on the curve";
    EXPECT_TRUE(read(ec(R"("x":")" + x + '"')).empty());
    EXPECT_TRUE(read(ec(R"("x":"AA","y":"AA")")).empty());
    EXPECT_TRUE(read(R"({"kty":"EC","crv":"P-384","x":")" + x + R"(","y":")" + y + "\"}").empty());
}

TEST(JwkSet, IsAnObjectWithAListOfBoundedLength) {
    for (std::string const text : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":null})", "null", "{"}) {
        EXPECT_FALSE(read_jwk_set(text)) << text;
    }
    std::string many = "{}";
    for (int i = 1; i < 100; ++i) many += ",{}";
    EXPECT_TRUE(read_jwk_set(R"({"keys":[)" + many + "]}"));
    EXPECT_FALSE(read_jwk_set(R"({"keys":[)" + many + ",{}]}"));
}

}  // namespace
}  // namespace clinikk
