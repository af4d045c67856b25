#include "security/secret_box.hpp"

#include <gtest/gtest.h>

namespace clinikk {
namespace {

std::string const old_secret(32, 'a');
std::string const new_secret(32, 'b');

TEST(SecretBox, OpensWhatItHasSealed) {
    auto const box = make_secret_box({new_secret});
    for (std::string const& secret : {std::string(), std::string("a secret"), std::string("\0\xff", 2)}) {
        auto const sealed = box->seal(secret, "row 1");
        EXPECT_EQ(box->open(sealed, "row 1"), secret);
        EXPECT_NE(box->seal(secret, "row 1"), sealed);
        if (!secret.empty()) EXPECT_EQ(sealed.find(secret), std::string::npos);
    }
}

TEST(SecretBox, OpensNothingThatWasAlteredOrMoved) {
    auto const box = make_secret_box({new_secret});
    auto const sealed = box->seal("a secret", "row 1");
    EXPECT_FALSE(box->open(sealed, "row 2"));
    EXPECT_FALSE(box->open("", "row 1"));
    EXPECT_FALSE(box->open("not base64url!", "row 1"));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto altered = sealed;
        altered[i] = altered[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(box->open(altered, "row 1")) << i;
        EXPECT_FALSE(box->open(sealed.substr(0, i), "row 1")) << i;
    }
}

TEST(SecretBox, OpensWithThePreviousKeyAndNoOther) {
    auto const sealed = make_secret_box({old_secret})->seal("a secret", "row");
    EXPECT_EQ(make_secret_box({new_secret, old_secret})->open(sealed, "row"), "a secret");
    EXPECT_FALSE(make_secret_box({new_secret})->open(sealed, "row"));
    auto const resealed = make_secret_box({new_secret, old_secret})->seal("a secret", "row");
    EXPECT_EQ(make_secret_box({new_secret})->open(resealed, "row"), "a secret");
}

}  // namespace
}  // namespace clinikk
