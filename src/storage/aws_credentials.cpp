#include "storage/aws_credentials.hpp"

#include <algorithm>

namespace clinikk {
namespace {

class StaticCredentials final : public AwsCredentialSource {
public:
    explicit StaticCredentials(AwsCredentials credentials) : credentials_(std::move(credentials)) {}
    Task<AwsCredentials> get() override { co_return credentials_; }

private:
    AwsCredentials credentials_;
};

std::string_view trim(std::string_view text) {
    auto const first = text.find_first_not_of(" \t\r");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

void take_key(AwsCredentials& credentials, std::string_view name, std::string_view value) {
    if (name == "aws_access_key_id") credentials.access_key_id = value;
    if (name == "aws_secret_access_key") credentials.secret_access_key = value;
    if (name == "aws_session_token") credentials.session_token = value;
}

}  // namespace

std::unique_ptr<AwsCredentialSource> make_static_credentials(AwsCredentials credentials) {
    return std::make_unique<StaticCredentials>(std::move(credentials));
}

std::optional<AwsCredentials> parse_profile(std::string_view text, std::string_view profile) {
    AwsCredentials credentials;
    bool is_inside = false;
    while (!text.empty()) {
        auto const end = std::min(text.find('\n'), text.size());
        auto const line = trim(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.starts_with('#') || line.starts_with(';')) continue;
        if (line.starts_with('[') && line.ends_with(']')) is_inside = trim(line.substr(1, line.size() - 2)) == profile;
        auto const equals = line.find('=');
        if (!is_inside || equals == line.npos) continue;
        take_key(credentials, trim(line.substr(0, equals)), trim(line.substr(equals + 1)));
    }
    if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) return std::nullopt;
    return credentials;
}

}  // namespace clinikk
