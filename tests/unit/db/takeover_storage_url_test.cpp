#include <gtest/gtest.h>

#include "db/postgres/takeover/storage_url.hpp"

namespace clinikk::db {
namespace {

constexpr char const* key = "video/6f0ad2a4-3c1b-4b5e-9a57-0d2f5b8f1c11.mp4";

TEST(PocStorageUrl, NamesBucketAndKey) {
    for (std::string const host :
         {"my-media.s3.eu-west-1.amazonaws.com", "my-media.s3.amazonaws.com", "my-media.s3-eu-west-1.amazonaws.com",
          "my-media.s3.dualstack.eu-west-1.amazonaws.com", "my-media.s3.cn-north-1.amazonaws.com.cn",
          "s3.eu-west-1.amazonaws.com/my-media", "s3.amazonaws.com/my-media", "s3-us-west-2.amazonaws.com/my-media",
          "MY-MEDIA.S3.EU-WEST-1.AMAZONAWS.COM", "s3.dualstack.us-east-1.amazonaws.com/my-media"}) {
        for (std::string const scheme : {"https://", "http://"}) {
            auto const object = parse_poc_storage_url(scheme + host + '/' + key);
            ASSERT_TRUE(object) << host;
            EXPECT_EQ(object->bucket, "my-media") << host;
            EXPECT_EQ(object->key, key) << host;
        }
    }
    auto const dotted = parse_poc_storage_url(std::string("https://my.s3.media.s3.us-east-1.amazonaws.com/") + key);
    ASSERT_TRUE(dotted);
    EXPECT_EQ(dotted->bucket, "my.s3.media");
    EXPECT_TRUE(parse_poc_storage_url("https://abc.s3.amazonaws.com/audio/6f0ad2a4-3c1b-4b5e-9a57-0d2f5b8f1c11.mp3"));
}

TEST(PocStorageUrl, IsNothingElse) {
    std::string const good = "https://media.s3.us-east-1.amazonaws.com/";
    std::string const id = "6f0ad2a4-3c1b-4b5e-9a57-0d2f5b8f1c11";
    ASSERT_TRUE(parse_poc_storage_url(good + key));
    for (auto const& url : {
             std::string(),
             std::string("https://"),
             std::string(key),
             good,
             good + "video/",
             good + "video/x.mp4",
             good + "other/" + id + ".mp4",
             good + "video/" + id,
             good + "video/" + id + ".",
             good + "objects/" + id,
             good + "objects/" + id + ".mp4",
             good + "index/" + id + ".bin",
             good + "video/" + id + ".MP4",
             good + "video/6F0AD2A4-3c1b-4b5e-9a57-0d2f5b8f1c11.mp4",
             good + "/" + key,
             good + key + "?versionId=1",
             good + key + "#t=1",
             good + key + "/",
             good + key + " ",
             good + "video/..%2f..%2fetc/passwd",
             good + "video/%2e%2e/" + id + ".mp4",
             good + "video/../video/" + id + ".mp4",
             good + "video%2f" + id + ".mp4",
             std::string("ftp://media.s3.us-east-1.amazonaws.com/") + key,
             std::string("javascript://media.s3.us-east-1.amazonaws.com/") + key,
             std::string("https://media.s3.us-east-1.amazonaws.com.evil.example/") + key,
             std::string("https://evil.example/media.s3.us-east-1.amazonaws.com/") + key,
             std::string("https://user@media.s3.us-east-1.amazonaws.com/") + key,
             std::string("https://media.s3.us-east-1.amazonaws.com:444/") + key,
             std::string("https://evil.example@s3.amazonaws.com/media/") + key,
             std::string("https://cdn.example.com/") + key,
             std::string("http://minio:9000/media/") + key,
             std::string("https://amazonaws.com/media/") + key,
             std::string("https://x.amazonaws.com/media/") + key,
             std::string("https://s3.amazonaws.com/") + key,
             std::string("https://s3.amazonaws.com//") + key,
             std::string("https://s3.amazonaws.com/a/") + key,
             std::string("https://s3.amazonaws.com/a_b%2f/") + key,
             std::string("https://m.e.d.i.a.not-s3.us-east-1.amazonaws.com/") + key,
         }) {
        EXPECT_FALSE(parse_poc_storage_url(url)) << url;
    }
}

}  // namespace
}  // namespace clinikk::db
