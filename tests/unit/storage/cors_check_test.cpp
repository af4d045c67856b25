#include "storage/cors_check.hpp"

#include <gtest/gtest.h>

#include "storage/s3_diagnosis.hpp"

namespace clinikk {
namespace {

client::HttpHead answer(int status, std::string origin, std::string methods, std::string fields, std::string exposed) {
    return {status,
            {{"access-control-allow-origin", std::move(origin)},
             {"access-control-allow-methods", std::move(methods)},
             {"access-control-allow-headers", std::move(fields)},
             {"access-control-expose-headers", std::move(exposed)}}};
}

constexpr std::string_view page = "https://app.example.org";

TEST(CorsCheck, TellsWhatAPreflightLacks) {
    auto const fault = [](client::HttpHead const& head) { return preflight_fault(head, page, "PUT", "content-type"); };
    EXPECT_EQ(fault(answer(200, std::string(page), "GET, PUT", "range, Content-Type", "")), "");
    EXPECT_EQ(fault(answer(204, "*", "PUT", "*", "")), "");
    EXPECT_NE(fault(answer(403, std::string(page), "PUT", "*", "")), "");
    EXPECT_NE(fault(answer(200, "https://other.example.org", "PUT", "*", "")), "");
    EXPECT_NE(fault(answer(200, "", "PUT", "*", "")), "");
    EXPECT_NE(fault(answer(200, "*", "GET", "*", "")), "");
    EXPECT_NE(fault(answer(200, "*", "PUTT", "*", "")), "");
    EXPECT_NE(fault(answer(200, "*", "PUT", "content-typ", "")).find("header field content-type"), std::string::npos);
    EXPECT_NE(fault({}), "");
}

TEST(CorsCheck, TellsWhatIsNotExposed) {
    EXPECT_EQ(exposure_fault(answer(200, "*", "", "", "x-a, etag"), page, "ETag"), "");
    EXPECT_NE(exposure_fault(answer(200, "*", "", "", ""), page, "ETag"), "");
    EXPECT_NE(exposure_fault(answer(200, "https://other.example.org", "", "", "*"), page, "ETag"), "");
}

TEST(S3Diagnosis, NamesTheSettingOrTheRight) {
    auto const says = [](int status, std::string code, std::string_view text) {
        auto const line = s3::diagnose(s3::Failure("S3 PutObject x: status", status, std::move(code)), "s3:PutObject");
        EXPECT_NE(line.find(text), std::string::npos) << line;
        EXPECT_NE(line.find("(S3 PutObject x: status)"), std::string::npos) << line;
    };
    says(403, "AccessDenied", "s3:PutObject");
    says(403, "", "s3:PutObject");
    says(403, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY");
    says(403, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID");
    says(403, "RequestTimeTooSkewed", "clock");
    says(400, "ExpiredToken", "expired");
    says(404, "NoSuchBucket", "STORAGE_BUCKET");
    says(400, "AuthorizationHeaderMalformed", "AWS_REGION");
    says(301, "", "AWS_REGION");
    says(0, "", "no S3 server answers");
    says(418, "Teapot", "S3 refused");
}

}  // namespace
}  // namespace clinikk
