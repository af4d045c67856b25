#include "http/message/tus_fields.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace clinikk::http {
namespace {

TEST(TusByteCount, IsANonNegativeInteger) {
    EXPECT_EQ(parse_byte_count("0"), 0U);
    EXPECT_EQ(parse_byte_count("007"), 7U);
    EXPECT_EQ(parse_byte_count("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
    for (auto const* const wrong : {"", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x10", "1,2", "one"}) {
        EXPECT_FALSE(parse_byte_count(wrong)) << wrong;
    }
}

TEST(TusByteCount, OfANumberThatDoesNotFitIsTheLargest) {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(parse_byte_count("18446744073709551616"), most);
    EXPECT_EQ(parse_byte_count(std::string(5000, '9')), most);
}

TEST(TusMetadata, IsPairsOfAKeyAndAValueInBase64) {
    auto const pairs =
        parse_tus_metadata("filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential , empty ,x AAE=");
    ASSERT_TRUE(pairs) << pairs.error().detail;
    ASSERT_EQ(pairs->size(), 4U);
    EXPECT_EQ((*pairs)[0].key, "filename");
    EXPECT_EQ((*pairs)[0].value, "world_domination_plan.pdf");
    EXPECT_EQ((*pairs)[1].key, "is_confidential");
    EXPECT_EQ((*pairs)[1].value, "");
    EXPECT_EQ((*pairs)[2].key, "empty");
    EXPECT_EQ((*pairs)[3].value, std::string("\0\1", 2));
}

TEST(TusMetadata, OfAnotherFormIsRefused) {
    for (auto const* const wrong : {"", ",", "a YQ==,", ",a YQ==", "a YQ==,,b YQ==", "a Y", "a YQ",
                                    "a YQ=", "a YQ===", "a Y=Q=", "a YR==", "a Y-_w", "a YQ== YQ==", "a b c",
                                    "\xc3\xa9 YQ==", "a\tb YQ==", "a YQ==\x01", "a %41"}) {
        auto const pairs = parse_tus_metadata(wrong);
        ASSERT_FALSE(pairs) << wrong;
        EXPECT_EQ(pairs.error().code, ErrorCode::upload_metadata_malformed);
    }
}

TEST(TusMetadata, HasEachKeyOnce) {
    EXPECT_FALSE(parse_tus_metadata("a YQ==,b YQ==,a Yg=="));
    EXPECT_FALSE(parse_tus_metadata("a,a"));
    EXPECT_TRUE(parse_tus_metadata("a YQ==,A YQ=="));
}

TEST(TusMetadata, HasABound) {
    auto const keys = [](std::size_t count) {
        std::string field = "k0";
        for (std::size_t i = 1; i < count; ++i) field += ",k" + std::to_string(i);
        return field;
    };
    EXPECT_TRUE(parse_tus_metadata(keys(max_tus_metadata_pairs)));
    EXPECT_FALSE(parse_tus_metadata(keys(max_tus_metadata_pairs + 1)));
    EXPECT_TRUE(parse_tus_metadata("a " + std::string(max_tus_metadata - 4, 'A')));
    EXPECT_FALSE(parse_tus_metadata("a " + std::string(max_tus_metadata, 'A')));
}

TEST(TusConcatField, IsPartialOrFinal) {
    auto const partial = parse_tus_concat("partial");
    ASSERT_TRUE(partial);
    EXPECT_FALSE(partial->is_final);
    auto const joined = parse_tus_concat("final;/files/a https://host/files/b  /files/a");
    ASSERT_TRUE(joined);
    EXPECT_TRUE(joined->is_final);
    EXPECT_EQ(joined->addresses, (std::vector<std::string_view>{"/files/a", "https://host/files/b", "/files/a"}));
}

TEST(TusConcatField, OfAnotherFormIsRefused) {
    for (auto const* const wrong : {"", "Partial", "partial;", "final", "final;", "final; ", "final ;/a", "FINAL;/a",
                                    "final;/a\t/b", "final;/\xc3\xa9"}) {
        auto const concat = parse_tus_concat(wrong);
        ASSERT_FALSE(concat) << wrong;
        EXPECT_EQ(concat.error().code, ErrorCode::upload_concat_invalid);
    }
}

TEST(TusChecksumField, IsAnAlgorithmAndADigest) {
    auto const checksum = parse_tus_checksum("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=");
    ASSERT_TRUE(checksum);
    EXPECT_EQ(checksum->algorithm, "sha1");
    EXPECT_EQ(checksum->digest.size(), 20U);
    EXPECT_TRUE(parse_tus_checksum("crc32 AAAAAA=="));
    for (auto const* const wrong :
         {"", "sha1", "sha1 ", " AAAA", "SHA1 AAAA", "sha1 A", "sha1 AA-_", "sha1 AAAA AAAA", "sha1,AAAA"}) {
        EXPECT_FALSE(parse_tus_checksum(wrong)) << wrong;
    }
}

TEST(Trailer, AnnouncesFields) {
    EXPECT_TRUE(announces_trailer("Upload-Checksum", "Upload-Checksum"));
    EXPECT_TRUE(announces_trailer("x, , upload-checksum", "Upload-Checksum"));
    EXPECT_FALSE(announces_trailer("", "Upload-Checksum"));
    EXPECT_FALSE(announces_trailer("Upload-Checksum2, Upload", "Upload-Checksum"));
}

}  // namespace
}  // namespace clinikk::http
