#include <gtest/gtest.h>

#include "storage/s3_answers.hpp"
#include "storage/s3_object_write.hpp"
#include "storage/s3_requests.hpp"

namespace clinikk::s3 {
namespace {

TEST(S3Address, PutsTheBucketIntoThePathOrTheHost) {
    EXPECT_EQ(Address("http://127.0.0.1:7480", "us-east-1", "media", true).url("video/a b.mp4"),
              "http://127.0.0.1:7480/media/video/a%20b.mp4");
    EXPECT_EQ(Address("", "eu-west-1", "media", false).url("video/a.mp4"),
              "https://media.s3.eu-west-1.amazonaws.com/video/a.mp4");
    EXPECT_EQ(Address("https://s3.example.org:443", "x", "media", false).url("k"), "https://media.s3.example.org/k");
    EXPECT_EQ(Address("https://[::1]:9000/", "x", "media", true).url("k"), "https://[::1]:9000/media/k");
    for (auto const* const wrong : {"s3.example.org", "http://h/path", "http://h?q=1", "http://user@h", "http://"}) {
        EXPECT_THROW(Address(wrong, "x", "media", true), std::invalid_argument) << wrong;
    }
}

TEST(S3Address, TheBucketItselfHasNoSlash) {
    Address const address("http://h", "us-east-1", "media", true);
    EXPECT_EQ(address.sign(head_bucket(), {.access_key_id = "a", .secret_access_key = "b"}, now()).url,
              "http://h/media");
}

TEST(S3Requests, CompletesWithPartsInOrder) {
    auto const call = complete_multipart_upload("k", "id", {{2, 1, "\"b\""}, {1, 1, "\"a\""}});
    EXPECT_EQ(call.body,
              "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&quot;a&quot;</ETag></Part>"
              "<Part><PartNumber>2</PartNumber><ETag>&quot;b&quot;</ETag></Part></CompleteMultipartUpload>");
}

TEST(S3Answers, ReadsErrors) {
    auto const error =
        parse_error("<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>x &amp; y</Message></Error>");
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, "SlowDown");
    EXPECT_EQ(error->message, "x & y");
    EXPECT_FALSE(parse_error(""));
    EXPECT_FALSE(parse_error("<html>502</html>"));
    EXPECT_FALSE(parse_error("<Error><Code>SlowDown"));
}

TEST(S3Answers, ReadsLists) {
    auto const objects = parse_objects(
        "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsTruncated>true</IsTruncated>"
        "<Contents><Key>a</Key></Contents><Contents><Key>b&amp;c</Key></Contents></ListBucketResult>");
    ASSERT_TRUE(objects);
    EXPECT_TRUE(objects->is_truncated);
    EXPECT_EQ(objects->keys, (std::vector<std::string>{"a", "b&c"}));
    EXPECT_FALSE(parse_objects("not XML"));
    auto const uploads = parse_uploads(
        "<ListMultipartUploadsResult><Upload><Key>k</Key><UploadId>i</UploadId></Upload></ListMultipartUploadsResult>");
    ASSERT_TRUE(uploads);
    ASSERT_EQ(uploads->size(), 1U);
    EXPECT_EQ(uploads->front().upload_id, "i");
}

TEST(S3Answers, ReadsWhatMultipartUploadsAnswer) {
    EXPECT_EQ(parse_upload_id("<InitiateMultipartUploadResult><UploadId>x</UploadId></InitiateMultipartUploadResult>"),
              "x");
    EXPECT_FALSE(parse_upload_id("<InitiateMultipartUploadResult/>"));
    EXPECT_TRUE(is_completed("<CompleteMultipartUploadResult><ETag></ETag></CompleteMultipartUploadResult>"));
    EXPECT_FALSE(is_completed("<Error><Code>InternalError</Code></Error>"));
    EXPECT_EQ(parse_etag("<CopyPartResult><ETag>&quot;e&quot;</ETag></CopyPartResult>"), "\"e\"");
}

std::string part_list(std::string_view inside) {
    return "<ListPartsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" + std::string(inside) +
           "</ListPartsResult>";
}

std::string part(std::string_view number, std::string_view size, std::string_view etag = "&quot;e&quot;") {
    return "<Part><PartNumber>" + std::string(number) + "</PartNumber><Size>" + std::string(size) + "</Size><ETag>" +
           std::string(etag) + "</ETag></Part>";
}

TEST(S3Answers, ReadsParts) {
    auto const last =
        parse_parts(part_list("<IsTruncated>false</IsTruncated>" + part("1", "8388608") + part("3", "0")));
    ASSERT_TRUE(last);
    ASSERT_EQ(last->parts.size(), 2U);
    EXPECT_EQ(last->parts[0].number, 1);
    EXPECT_EQ(last->parts[0].size, 8388608U);
    EXPECT_EQ(last->parts[0].etag, "\"e\"");
    EXPECT_EQ(last->parts[1].number, 3);
    EXPECT_FALSE(last->next);
    auto const first = parse_parts(
        part_list("<NextPartNumberMarker>1</NextPartNumberMarker><IsTruncated>true</IsTruncated>" + part("1", "5")));
    ASSERT_TRUE(first);
    EXPECT_EQ(first->next, 1);
    EXPECT_TRUE(parse_parts(part_list("")));
}

TEST(S3Answers, RefusesPartsThatCannotBe) {
    for (auto const& wrong :
         {part("0", "1"), part("-1", "1"), part("10001", "1"), part("1x", "1"), part("", "1"), part("1", ""),
          part("1", "-5"), part("1", "1e3"), part("1", "99999999999999999999999"), part("1", "1", ""),
          std::string("<Part/>"), std::string("<Part><Part><PartNumber>1</PartNumber></Part></Part>"),
          // More to come, but not from where.
          std::string("<IsTruncated>true</IsTruncated>"),
          std::string("<IsTruncated>true</IsTruncated><NextPartNumberMarker>0</NextPartNumberMarker>")}) {
        EXPECT_FALSE(parse_parts(part_list(wrong))) << wrong;
    }
    for (auto const* const wrong : {"", "not XML", "<ListPartsResult>", "<Error><Code>x</Code></Error>", "\xff\xfe<"}) {
        EXPECT_FALSE(parse_parts(wrong)) << wrong;
    }
    auto const whole = part_list("<IsTruncated>false</IsTruncated>" + part("1", "8388608"));
    for (std::size_t length = 0; length + 1 < whole.size(); ++length) {
        EXPECT_FALSE(parse_parts(whole.substr(0, length))) << length;
    }
    // Entities are not followed: what they could expand to is not read.
    EXPECT_FALSE(parse_parts("<!DOCTYPE x [<!ENTITY n \"1\">]>" + part_list(part("&n;", "1"))));
}

TEST(S3Requests, SignTheLengthOfAPartThatAClientSends) {
    auto const call = upload_part_of_size("video/a.mp4", "id", 7, 12345);
    Address const address("http://h", "us-east-1", "media", true);
    auto const url =
        address.presign(call, {.access_key_id = "a", .secret_access_key = "b"}, now(), std::chrono::hours(1));
    EXPECT_NE(url.find("/media/video/a.mp4?"), url.npos) << url;
    EXPECT_NE(url.find("X-Amz-SignedHeaders=content-length%3Bhost"), url.npos) << url;
    EXPECT_NE(url.find("partNumber=7"), url.npos) << url;
    auto const other = address.presign(upload_part_of_size("video/a.mp4", "id", 7, 12346),
                                       {.access_key_id = "a", .secret_access_key = "b"}, now(), std::chrono::hours(1));
    EXPECT_NE(url.substr(url.find("X-Amz-Signature")), other.substr(other.find("X-Amz-Signature")));
}

TEST(S3Requests, ListPartsBehindANumber) {
    EXPECT_EQ(list_parts("k", "id", 0).query, (Fields{{"uploadId", "id"}}));
    EXPECT_EQ(list_parts("k", "id", 1000).query, (Fields{{"uploadId", "id"}, {"part-number-marker", "1000"}}));
}

TEST(S3Parts, GrowSoThatTenThousandAreEnough) {
    constexpr std::size_t mebibyte = 1024UL * 1024;
    EXPECT_EQ(s3_part_size(8 * mebibyte, 1), 8 * mebibyte);
    EXPECT_EQ(s3_part_size(8 * mebibyte, 2000), 8 * mebibyte);
    EXPECT_EQ(s3_part_size(8 * mebibyte, 2001), 16 * mebibyte);
    EXPECT_EQ(s3_part_size(8 * mebibyte, 10'000), 64 * mebibyte);
    std::uint64_t total = 0;
    for (int number = 1; number <= 10'000; ++number) total += s3_part_size(8 * mebibyte, number);
    EXPECT_GT(total, 350ULL << 30U);
}

}  // namespace
}  // namespace clinikk::s3
