#include "security/access_tokens.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "security/public_key.hpp"

namespace clinikk {
namespace {

using std::chrono::seconds;

std::string const secret = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
std::string const user = "0190b5f0-0000-7000-8000-000000000001";
std::string const session = "0190b5f0-0000-7000-8000-000000000002";
AccessClaims const claims{*Uuid::from_string(user), *Uuid::from_string(session)};
Timestamp const at{seconds(1'800'000'000)};

std::string hmac(EVP_MD const* digest, std::string const& key, std::string const& text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned length = 0;
    HMAC(digest, key.data(), static_cast<int>(key.size()), reinterpret_cast<unsigned char const*>(text.data()),
         text.size(), out.data(), &length);
    return {reinterpret_cast<char const*>(out.data()), length};
}

/// A token of that header and payload, signed with HMAC.
std::string forge(std::string const& header, std::string const& payload, EVP_MD const* digest = EVP_sha256(),
                  std::string const& key = secret) {
    auto const text = to_base64url(header) + "." + to_base64url(payload);
    return text + "." + to_base64url(hmac(digest, key, text));
}

std::string const hs256 = R"({"alg":"HS256","typ":"JWT"})";

/// The claims as issued, with one of them replaced or, by an empty value, left out.
std::string payload(std::string const& changed = "", std::string const& value = "") {
    std::string out = "{";
    auto const add = [&](std::string const& name, std::string const& usual) {
        auto const& text = name == changed ? value : usual;
        if (text.empty()) return;
        if (out.size() > 1) out += ',';
        out += '"' + name + "\":" + text;
    };
    add("iss", "\"clinikk\"");
    add("sub", '"' + user + '"');
    add("sid", '"' + session + '"');
    add("iat", "1800000000");
    add("nbf", "1800000000");
    add("exp", "1800001800");
    add("extra", "");
    return out + "}";
}

std::string generate_key(char const* kind, unsigned bits) {
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> const key(
        std::string_view(kind) == "RSA" ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{bits})
                                        : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", kind),
        &EVP_PKEY_free);
    std::unique_ptr<BIO, decltype(&BIO_free)> const out(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    char* text = nullptr;
    auto const length = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(length)};
}

/// Slow to make: one for all tests.
std::string const& rsa_key() {
    static std::string const key = generate_key("RSA", 2048);
    return key;
}

std::unique_ptr<AccessTokens> make(std::string const& algorithm = "HS256", std::string const& key = secret) {
    return make_access_tokens({algorithm, key, {}, "clinikk", seconds(1800)});
}

class AccessTokensTest : public ::testing::Test {
protected:
    bool accepts(std::string const& token, Timestamp when = at) {
        auto const verified = tokens_->verify(token, when);
        EXPECT_TRUE(verified || verified.error().code == ErrorCode::not_authenticated);
        return verified.has_value();
    }

    std::unique_ptr<AccessTokens> tokens_ = make();
};

TEST_F(AccessTokensTest, VerifiesWhatItIssued) {
    auto const verified = tokens_->verify(tokens_->issue(claims, at), at);
    ASSERT_TRUE(verified);
    EXPECT_EQ(verified->user_id, claims.user_id);
    EXPECT_EQ(verified->session_id, claims.session_id);
    EXPECT_EQ(tokens_->lifetime(), seconds(1800));
}

TEST_F(AccessTokensTest, VerifiesUnderEveryAlgorithm) {
    auto const& rsa = rsa_key();
    auto const p256 = generate_key("P-256", 0);
    for (auto const& [algorithm, key] : {std::pair<std::string, std::string>{"HS256", secret},
                                         {"HS384", secret},
                                         {"HS512", secret},
                                         {"RS256", rsa},
                                         {"ES256", p256}}) {
        auto const tokens = make(algorithm, key);
        auto const token = tokens->issue(claims, at);
        auto const verified = tokens->verify(token, at);
        ASSERT_TRUE(verified) << algorithm;
        EXPECT_EQ(verified->session_id, claims.session_id);
        EXPECT_FALSE(tokens->verify(token, at + seconds(1831))) << algorithm;
        auto changed = token;
        changed[token.rfind('.') + 5] = changed[token.rfind('.') + 5] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(tokens->verify(changed, at)) << algorithm;
        EXPECT_FALSE(tokens->verify(token.substr(0, token.rfind('.') + 1), at)) << algorithm;
    }
}

TEST_F(AccessTokensTest, AcceptsAForgeryThatIsRight) {
    // So that the refusals below are due to what each of them changes.
    EXPECT_TRUE(accepts(forge(hs256, payload())));
    EXPECT_TRUE(accepts(forge(R"({ "typ" : "JWT", "alg" : "HS256", "cty":"1" })", payload("extra", R"({"a":[1]})"))));
}

TEST_F(AccessTokensTest, RefusesOtherAlgorithms) {
    EXPECT_FALSE(accepts(to_base64url(R"({"alg":"none"})") + "." + to_base64url(payload()) + "."));
    EXPECT_FALSE(accepts(forge(R"({"alg":"none","typ":"JWT"})", payload())));
    EXPECT_FALSE(accepts(forge(R"({"alg":"HS512","typ":"JWT"})", payload(), EVP_sha512())));
    EXPECT_FALSE(accepts(forge(R"({"alg":"HS384","typ":"JWT"})", payload(), EVP_sha384())));
    EXPECT_FALSE(accepts(forge(R"({"alg":"hs256","typ":"JWT"})", payload())));
    EXPECT_FALSE(accepts(forge(R"({"typ":"JWT"})", payload())));
    EXPECT_FALSE(accepts(forge(R"({"alg":256})", payload())));
    EXPECT_FALSE(accepts(forge(R"({"alg":"HS256","alg":"HS256"})", payload())));
    EXPECT_FALSE(accepts(forge(R"({"alg":"HS256","crit":["exp"]})", payload())));
    EXPECT_FALSE(accepts(forge(R"(["HS256"])", payload())));
    EXPECT_FALSE(accepts(forge(hs256, payload(), EVP_sha512())));
}

TEST_F(AccessTokensTest, RefusesThePublicKeyAsASecret) {
    auto const& key = rsa_key();
    auto const tokens = make("RS256", key);
    auto const token = forge(hs256, payload(), EVP_sha256(), public_key_of(key, KeyKind::rsa).pem);
    EXPECT_FALSE(tokens->verify(token, at));
}

TEST_F(AccessTokensTest, RefusesOtherKeys) {
    EXPECT_FALSE(accepts(forge(hs256, payload(), EVP_sha256(), secret + "x")));
    EXPECT_FALSE(accepts(make("HS256", std::string(64, 'x'))->issue(claims, at)));
}

TEST_F(AccessTokensTest, AcceptsTheKeyBeforeAndIssuesWithTheCurrentOne) {
    auto const p256 = generate_key("P-256", 0);
    auto const newer = generate_key("P-256", 0);
    for (auto const& [algorithm, old_key, key] :
         {std::tuple<std::string, std::string, std::string>{"HS256", secret, std::string(64, 'n')},
          {"ES256", p256, newer}}) {
        auto const before = make(algorithm, old_key);
        auto const both = make_access_tokens({algorithm, key, old_key, "clinikk", seconds(1800)});
        auto const later = make(algorithm, key);
        EXPECT_TRUE(both->verify(before->issue(claims, at), at)) << algorithm;
        EXPECT_TRUE(both->verify(both->issue(claims, at), at)) << algorithm;
        EXPECT_TRUE(later->verify(both->issue(claims, at), at)) << algorithm;
        EXPECT_FALSE(before->verify(both->issue(claims, at), at)) << algorithm;
        EXPECT_FALSE(later->verify(before->issue(claims, at), at)) << algorithm;
    }
}

TEST_F(AccessTokensTest, RefusesOtherKeyIds) {
    for (std::string const kid :
         {"\"\"", "\"1\"", "\"../../dev/null\"", "\"' OR 1=1\"", "1", "null", "[\"1\"]", "{}"}) {
        EXPECT_FALSE(accepts(forge(R"({"alg":"HS256","kid":)" + kid + "}", payload()))) << kid;
    }
    auto const token = tokens_->issue(claims, at);
    auto const header = from_base64url(token.substr(0, token.find('.'))).value();
    EXPECT_NE(header.find("\"kid\":\""), std::string::npos) << header;
    EXPECT_TRUE(accepts(forge(header, payload())));
    // The key of the token's own choice is not looked at.
    for (auto const* member : {R"("jku":"https://evil.example/keys")", R"("x5u":"https://evil.example/x")",
                               R"("jwk":{"kty":"oct","k":"AAAA"})"}) {
        auto const text = "{\"alg\":\"HS256\"," + std::string(member) + "}";
        EXPECT_FALSE(accepts(forge(text, payload(), EVP_sha256(), std::string(32, '\0')))) << member;
        EXPECT_TRUE(accepts(forge(text, payload()))) << member;
    }
}

TEST_F(AccessTokensTest, PublishesThePublicHalvesOfItsKeys) {
    EXPECT_EQ(tokens_->public_keys(), R"({"keys":[]})") << "a shared secret is nobody else's";
    auto const& rsa = rsa_key();
    auto const keys = *read_json(make("RS256", rsa)->public_keys());
    ASSERT_EQ(keys.find("keys")->items.size(), 1U);
    auto const& key = keys.find("keys")->items[0];
    EXPECT_EQ(*key.find_text("kty"), "RSA");
    EXPECT_EQ(*key.find_text("alg"), "RS256");
    EXPECT_EQ(*key.find_text("use"), "sig");
    EXPECT_EQ(*key.find_text("e"), "AQAB");
    EXPECT_EQ(from_base64url(*key.find_text("n"))->size(), 256U);
    EXPECT_EQ(key.find("d"), nullptr);
    auto const old_key = generate_key("P-256", 0);
    auto const both = make_access_tokens({"ES256", generate_key("P-256", 0), old_key, "clinikk", seconds(1800)});
    auto const pair = *read_json(both->public_keys());
    ASSERT_EQ(pair.find("keys")->items.size(), 2U);
    for (auto const& each : pair.find("keys")->items) {
        EXPECT_EQ(*each.find_text("crv"), "P-256");
        EXPECT_EQ(from_base64url(*each.find_text("x"))->size(), 32U);
        EXPECT_EQ(from_base64url(*each.find_text("y"))->size(), 32U);
        EXPECT_EQ(from_base64url(*each.find_text("kid"))->size(), 32U) << "RFC 7638, SHA-256";
    }
}

TEST_F(AccessTokensTest, RefusesOtherTimes) {
    auto const token = tokens_->issue(claims, at);
    EXPECT_TRUE(accepts(token, at + seconds(1829)));
    EXPECT_FALSE(accepts(token, at + seconds(1830)));
    EXPECT_TRUE(accepts(token, at - seconds(30)));
    EXPECT_FALSE(accepts(token, at - seconds(31)));
    EXPECT_FALSE(accepts(forge(hs256, payload("nbf", "1800000031"))));
    EXPECT_FALSE(accepts(forge(hs256, payload("iat", "1800000031"))));
    EXPECT_FALSE(accepts(forge(hs256, payload("exp", "1799999970"))));
    EXPECT_TRUE(accepts(forge(hs256, payload("exp", "1799999971"))));
}

TEST_F(AccessTokensTest, RequiresEveryClaimInItsType) {
    for (auto const* name : {"exp", "iat", "nbf"}) {
        for (auto const* value : {"", "1800001800.5", "\"1800001800\"", "null", "true", "[1800001800]", "{}",
                                  "18446744073709551615", "99999999999999999999999"}) {
            EXPECT_FALSE(accepts(forge(hs256, payload(name, value)))) << name << " " << value;
        }
    }
    // A number without a fraction, however it is spelled (RFC 7519 section 2, NumericDate).
    for (auto const* value : {"1800001800.0", "18000018e2"}) EXPECT_TRUE(accepts(forge(hs256, payload("exp", value))));
    EXPECT_FALSE(accepts(forge(hs256, payload("nbf", "9223372036854775807"))));
    EXPECT_FALSE(accepts(forge(hs256, payload("exp", "-9223372036854775808"))));
    for (auto const* name : {"sub", "sid"}) {
        for (auto const* value : {"", "\"\"", "\"admin\"", "1", "null", "[\"0190b5f0-0000-7000-8000-000000000001\"]",
                                  "\"0190b5f0-0000-7000-8000-00000000000\""}) {
            EXPECT_FALSE(accepts(forge(hs256, payload(name, value)))) << name << " " << value;
        }
    }
    for (auto const* value : {"", "\"other\"", "\"Clinikk\"", "\"clinikk \"", "[\"clinikk\"]", "null", "1"}) {
        EXPECT_FALSE(accepts(forge(hs256, payload("iss", value)))) << value;
    }
}

TEST_F(AccessTokensTest, RefusesPayloadsThatAreNoPlainObject) {
    auto const good = payload();
    EXPECT_FALSE(accepts(forge(hs256, good.substr(0, good.size() - 1) + R"(,"exp":1900000000})")));
    EXPECT_FALSE(accepts(forge(hs256, good.substr(0, good.size() - 1) + R"(,"\u0065xp":1900000000})")));
    EXPECT_FALSE(accepts(forge(hs256, "[" + good + "]")));
    EXPECT_FALSE(accepts(forge(hs256, good + good)));
    EXPECT_FALSE(accepts(forge(hs256, good + "x")));
    EXPECT_FALSE(accepts(forge(hs256, good.substr(0, good.size() - 1))));
    EXPECT_FALSE(accepts(forge(hs256, "")));
    EXPECT_FALSE(accepts(forge(hs256, "null")));
    EXPECT_FALSE(accepts(forge(hs256, payload("extra", "\"\xFF\""))));
    EXPECT_FALSE(accepts(forge(hs256, payload("extra", std::string(50, '[') + std::string(50, ']')))));
}

TEST_F(AccessTokensTest, RefusesOtherShapes) {
    auto const token = tokens_->issue(claims, at);
    auto const header_end = token.find('.');
    auto const signature = token.rfind('.') + 1;
    for (auto const& changed :
         {std::string(), std::string("."), std::string(".."), std::string("..."), token + ".", "." + token,
          token + "." + token.substr(signature), token.substr(0, signature - 1), token.substr(0, signature),
          token.substr(header_end + 1), " " + token, token + " ", token + "=", token + "\n",
          token + std::string(1, '\0'), token.substr(0, signature) + std::string(1, '\0') + token.substr(signature),
          std::string(4097, 'a'), std::string("a.b.c")}) {
        EXPECT_FALSE(accepts(changed)) << changed;
    }
    for (std::size_t length = 0; length < token.size(); ++length) {
        EXPECT_FALSE(accepts(token.substr(0, length))) << length;
    }
}

TEST_F(AccessTokensTest, RefusesEveryChangedCharacter) {
    auto const token = tokens_->issue(claims, at);
    for (std::size_t i = 0; i < token.size(); ++i) {
        for (char const c : {'A', 'z', '_', '+', '.'}) {
            auto changed = token;
            changed[i] = c;
            if (changed == token) continue;
            EXPECT_FALSE(accepts(changed)) << i << " " << c;
        }
    }
}

TEST_F(AccessTokensTest, RefusesSecondSpellings) {
    // 32 bytes leave 2 unused bits in the last character of the signature.
    auto token = tokens_->issue(claims, at);
    std::string const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    auto const last = alphabet.find(token.back());
    for (std::size_t bits = 1; bits < 4; ++bits) {
        auto changed = token;
        changed.back() = alphabet[last | bits];
        EXPECT_FALSE(accepts(changed));
    }
    auto const rsa = make("RS256", rsa_key());
    token = rsa->issue(claims, at);
    ASSERT_TRUE(rsa->verify(token, at));
    auto const unused = alphabet.find(token.back());
    for (std::size_t bits = 1; bits < 4; ++bits) {
        auto changed = token;
        changed.back() = alphabet[unused ^ bits];
        EXPECT_FALSE(rsa->verify(changed, at));
    }
}

TEST_F(AccessTokensTest, LimitsTheSize) {
    auto const filled = [](std::size_t filling) {
        return forge(hs256, payload("extra", '"' + std::string(filling, 'x') + '"'));
    };
    std::size_t filling = 2500;
    while (filled(filling + 1).size() <= 4096) ++filling;
    EXPECT_TRUE(accepts(filled(filling)));
    EXPECT_FALSE(accepts(filled(filling + 1)));
}

TEST_F(AccessTokensTest, EscapesTheIssuer) {
    auto const tokens = make_access_tokens({"HS256", secret, {}, "a \"quoted\" \u00FC", seconds(60)});
    EXPECT_TRUE(tokens->verify(tokens->issue(claims, at), at));
}

TEST(AccessTokens, RefusesKeysThatDoNotFit) {
    auto const& rsa = rsa_key();
    auto const p256 = generate_key("P-256", 0);
    EXPECT_THROW(make("HS256", std::string(31, 'x')), std::invalid_argument);
    EXPECT_NO_THROW(make("HS256", std::string(32, 'x')));
    EXPECT_THROW(make("none", secret), std::invalid_argument);
    EXPECT_THROW(make("RS512", rsa), std::invalid_argument);
    EXPECT_THROW(make("RS256", secret), std::invalid_argument);
    EXPECT_THROW(make("RS256", p256), std::invalid_argument);
    EXPECT_THROW(make("RS256", generate_key("RSA", 1024)), std::invalid_argument);
    EXPECT_THROW(make("RS256", public_key_of(rsa, KeyKind::rsa).pem), std::invalid_argument);
    EXPECT_THROW(make("ES256", rsa), std::invalid_argument);
    EXPECT_THROW(make("ES256", generate_key("P-384", 0)), std::invalid_argument);
}

}  // namespace
}  // namespace clinikk
