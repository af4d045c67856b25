#include "base/digest.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"

namespace clinikk {
namespace {

std::string hex_of(std::string_view algorithm, std::vector<std::string> const& pieces) {
    auto const digest = Digest::make(algorithm);
    for (auto const& piece : pieces) digest->update(piece);
    auto const bytes = digest->finish();
    return to_hex({reinterpret_cast<std::uint8_t const*>(bytes.data()), bytes.size()});
}

/// The digests of `abc`: FIPS 180-4's examples, and RFC 1321 appendix A.5.
TEST(DigestTest, KnowsTheExamplesOfTheStandards) {
    EXPECT_EQ(hex_of("sha1", {"abc"}), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(hex_of("sha256", {"abc"}), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex_of("sha512", {"abc"}),
              "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
              "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    EXPECT_EQ(hex_of("md5", {"abc"}), "900150983cd24fb0d6963f7d28e17f72");
}

TEST(DigestTest, PiecesMakeNoDifference) {
    EXPECT_EQ(hex_of("sha1", {"a", "", "bc"}), hex_of("sha1", {"abc"}));
    EXPECT_NE(hex_of("sha1", {"ab"}), hex_of("sha1", {"abc"}));
}

TEST(DigestTest, KnowsNoOthers) {
    for (auto const* const name : {"", "SHA1", "sha-1", "crc32", "sha1,md5"}) EXPECT_EQ(Digest::make(name), nullptr);
}

TEST(DigestTest, ComparesDigests) {
    auto const digest = Sha256::of("a");
    auto other = digest;
    EXPECT_TRUE(are_equal(digest, other));
    other.back() ^= 1;
    EXPECT_FALSE(are_equal(digest, other));
}

}  // namespace
}  // namespace clinikk
