#include "http/message/digest_fields.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace clinikk::http {
namespace {

/// Of "hello".
constexpr std::string_view hello = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";

std::optional<Sha256Digest> stated(std::vector<Field> fields) {
    RequestHead head;
    head.fields = std::move(fields);
    return stated_sha256(head, "Content-Digest");
}

TEST(DigestFields, FindTheSha256) {
    EXPECT_EQ(stated({{"content-digest", hello}}), Sha256::of("hello"));
    EXPECT_EQ(stated({{"Content-Digest", std::string("sha-512=:AAAA:, ") + std::string(hello)}}), Sha256::of("hello"));
}

TEST(DigestFields, SeveralLinesAreOneDictionary) {
    EXPECT_EQ(stated({{"Content-Digest", "md5=:AAAA:"}, {"Content-Digest", hello}}), Sha256::of("hello"));
}

TEST(DigestFields, SayNothingOtherwise) {
    EXPECT_FALSE(stated({}));
    EXPECT_FALSE(stated({{"Repr-Digest", hello}}));
    EXPECT_FALSE(stated({{"Content-Digest", "sha-512=:AAAA:"}}));
    EXPECT_FALSE(stated({{"Content-Digest", "sha-256=:AAAA:"}}));
    EXPECT_FALSE(stated({{"Content-Digest", "sha-256=1"}}));
    EXPECT_FALSE(stated({{"Content-Digest", hello}, {"Content-Digest", "=malformed"}}));
}

}  // namespace
}  // namespace clinikk::http
