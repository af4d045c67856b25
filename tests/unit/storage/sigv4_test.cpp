#include "storage/sigv4.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "base/sha256.hpp"

// The examples of the Amazon S3 API Reference, "Signature Calculations for the Authorization Header" and
// "Authenticating Requests: Using Query Parameters".

namespace clinikk {
namespace {

AwsCredentials const credentials{.access_key_id = "AKIAIOSFODNN7EXAMPLE",
                                 .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
SigningScope const scope{"us-east-1"};
Timestamp const may_24 = *parse_http_date("Fri, 24 May 2013 00:00:00 GMT");

SignableRequest request_for(std::string path) {
    SignableRequest request;
    request.host = "examplebucket.s3.amazonaws.com";
    request.path = std::move(path);
    return request;
}

std::string value_of(Fields const& fields, std::string_view name) {
    for (auto const& [key, value] : fields) {
        if (key == name) return value;
    }
    return "";
}

std::string signature_of(SignableRequest const& request, std::string_view payload_hash = empty_payload_hash,
                         SigningScope const& where = scope) {
    auto const signed_fields = sign_headers(request, payload_hash, credentials, where, may_24);
    auto const text = value_of(signed_fields, "authorization");
    return text.substr(text.find("Signature=") + 10);
}

TEST(SigV4, SignsGetObject) {
    auto request = request_for("/test.txt");
    request.headers = {{"range", "bytes=0-9"}};
    auto const fields = sign_headers(request, empty_payload_hash, credentials, scope, may_24);
    EXPECT_EQ(value_of(fields, "authorization"),
              "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
              "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
              "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    EXPECT_EQ(value_of(fields, "x-amz-date"), "20130524T000000Z");
    EXPECT_EQ(value_of(fields, "x-amz-content-sha256"), empty_payload_hash);
}

TEST(SigV4, SignsPutObject) {
    auto request = request_for("/test$file.text");
    request.method = "PUT";
    request.headers = {{"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
    EXPECT_EQ(signature_of(request, to_hex(Sha256::of("Welcome to Amazon S3."))),
              "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(SigV4, SignsAQueryWithoutAValue) {
    auto request = request_for("/");
    request.query = {{"lifecycle", ""}};
    EXPECT_EQ(signature_of(request), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(SigV4, SortsTheQuery) {
    auto request = request_for("/");
    request.query = {{"prefix", "J"}, {"max-keys", "2"}};
    EXPECT_EQ(signature_of(request), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(SigV4, TheRegionCounts) {
    auto request = request_for("/");
    request.query = {{"lifecycle", ""}};
    EXPECT_NE(signature_of(request, empty_payload_hash, {"eu-central-1"}),
              "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(SigV4, Presigns) {
    EXPECT_EQ(presign_query(request_for("/test.txt"), credentials, scope, may_24, std::chrono::seconds(86400)),
              "X-Amz-Algorithm=AWS4-HMAC-SHA256"
              "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
              "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
              "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

TEST(SigV4, ASessionTokenIsSignedAndSent) {
    auto temporary = credentials;
    temporary.session_token = "token/with=signs";
    auto const fields = sign_headers(request_for("/x"), empty_payload_hash, temporary, scope, may_24);
    EXPECT_EQ(value_of(fields, "x-amz-security-token"), "token/with=signs");
    EXPECT_NE(value_of(fields, "authorization").find("x-amz-date;x-amz-security-token,"), std::string::npos);
    auto const query = presign_query(request_for("/x"), temporary, scope, may_24, std::chrono::seconds(60));
    EXPECT_NE(query.find("&X-Amz-Security-Token=token%2Fwith%3Dsigns&"), std::string::npos);
}

TEST(SigV4, EncodesAllButUnreservedCharacters) {
    EXPECT_EQ(uri_encode("az AZ/09-._~+\xC3\xA4", true), "az%20AZ/09-._~%2B%C3%A4");
    EXPECT_EQ(uri_encode("a/b", false), "a%2Fb");
}

}  // namespace
}  // namespace clinikk
