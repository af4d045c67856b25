#include "oidc/provider_metadata.hpp"

#include <gtest/gtest.h>

namespace clinikk::oidc {
namespace {

std::string document(std::string const& more = {}, std::string const& issuer = "https://id.example.com") {
    return R"({"issuer":")" + issuer +
           R"(","authorization_endpoint":"https://id.example.com/a?x=1","token_endpoint":"https://id.example.com/t",)"
           R"("jwks_uri":"https://id.example.com/k")" +
           more + "}";
}

TEST(ProviderMetadata, HasTheDefaultsOfTheStandard) {
    auto const metadata = *read_metadata(document(), "https://id.example.com");
    EXPECT_EQ(metadata.authorization_endpoint, "https://id.example.com/a?x=1");
    EXPECT_EQ(metadata.token_endpoint, "https://id.example.com/t");
    EXPECT_EQ(metadata.jwks_uri, "https://id.example.com/k");
    EXPECT_EQ(metadata.userinfo_endpoint, "");
    EXPECT_TRUE(metadata.takes_basic);
    EXPECT_FALSE(metadata.sends_issuer);
}

TEST(ProviderMetadata, TellsWhatTheProviderCan) {
    auto const more =
        R"(,"token_endpoint_auth_methods_supported":["client_secret_post"],)"
        R"("authorization_response_iss_parameter_supported":true,"userinfo_endpoint":"https://id.example.com/u")";
    auto const metadata = *read_metadata(document(more), "https://id.example.com");
    EXPECT_FALSE(metadata.takes_basic);
    EXPECT_TRUE(metadata.sends_issuer);
    EXPECT_EQ(metadata.userinfo_endpoint, "https://id.example.com/u");
}

TEST(ProviderMetadata, IsOfExactlyThatIssuer) {
    for (std::string const issuer :
         {"https://id.example.com/", "https://ID.example.com", "http://id.example.com", ""}) {
        EXPECT_FALSE(read_metadata(document({}, issuer), "https://id.example.com")) << issuer;
    }
    EXPECT_FALSE(read_metadata("{}", "https://id.example.com"));
    EXPECT_FALSE(read_metadata("[]", "https://id.example.com"));
    EXPECT_FALSE(read_metadata("", "https://id.example.com"));
}

TEST(ProviderMetadata, EndpointsAreHttpsOrHere) {
    for (auto const* const safe : {"https://id.example.com/t", "https://id.example.com", "http://127.0.0.1:3000/t",
                                   "http://[::1]/t", "http://localhost:3000/t?x"}) {
        EXPECT_TRUE(is_safe_endpoint(safe)) << safe;
    }
    for (auto const* const other :
         {"", "/t", "http://id.example.com/t", "http://127.0.0.1.example.com/t", "http://localhost.example.com/",
          "https://user@id.example.com/", "https://id.example.com/#x", "https:///t", "file:///etc/passwd",
          "ftp://id.example.com/", "javascript:alert(1)", "https://id.example.com/\r\nX: y"}) {
        EXPECT_FALSE(is_safe_endpoint(other)) << other;
    }
}

}  // namespace
}  // namespace clinikk::oidc
