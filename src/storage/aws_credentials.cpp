#include "storage/aws_credentials.hpp"

namespace clinikk {
namespace {

class StaticCredentials final : public AwsCredentialSource {
public:
    explicit StaticCredentials(AwsCredentials credentials) : credentials_(std::move(credentials)) {}
    Task<AwsCredentials> get() override { co_return credentials_; }

private:
    AwsCredentials credentials_;
};

}  // namespace

std::unique_ptr<AwsCredentialSource> make_static_credentials(AwsCredentials credentials) {
    return std::make_unique<StaticCredentials>(std::move(credentials));
}

}  // namespace clinikk
