#include "storage/s3_diagnosis.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace clinikk::s3 {
namespace {

/// The error codes in the reference of S3 ("Error responses") that an operator can do something about.
constexpr std::array<std::pair<std::string_view, std::string_view>, 13> causes{{
    {"InvalidAccessKeyId", "AWS_ACCESS_KEY_ID is unknown to this S3 server"},
    {"SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY is not the secret of AWS_ACCESS_KEY_ID"},
    {"RequestTimeTooSkewed", "the clock of this machine is wrong"},
    {"ExpiredToken", "the temporary key has expired: AWS_SESSION_TOKEN is too old"},
    {"InvalidToken", "AWS_SESSION_TOKEN does not belong to the key"},
    {"NoSuchBucket", "STORAGE_BUCKET names no bucket there"},
    {"AuthorizationHeaderMalformed", "the bucket is in another region than AWS_REGION"},
    {"PermanentRedirect", "the bucket is in another region than AWS_REGION, or at another endpoint"},
    {"TemporaryRedirect", "the bucket is in another region than AWS_REGION, or at another endpoint"},
    {"IllegalLocationConstraintException", "the bucket is in another region than AWS_REGION"},
    {"AllAccessDisabled", "the account or the bucket is closed"},
    {"QuotaExceeded", "the bucket or its owner has reached a quota"},
    {"SlowDown", "S3 is overloaded, or limits the rate of requests"},
}};

std::string cause_of(Failure const& failure, std::string_view right) {
    auto const* const found = std::ranges::find(causes, failure.code(), [](auto const& cause) { return cause.first; });
    if (found != causes.end()) return std::string(found->second);
    if (failure.status() == 0) return "no S3 server answers at AWS_ENDPOINT_URL";
    if (failure.status() == 301 || failure.status() == 307) return "the bucket is in another region than AWS_REGION";
    if (failure.status() == 403) return "the key lacks the right " + std::string(right);
    return "S3 refused";
}

}  // namespace

std::string diagnose(Failure const& failure, std::string_view right) {
    return cause_of(failure, right) + " (" + failure.what() + ')';
}

}  // namespace clinikk::s3
