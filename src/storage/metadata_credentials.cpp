#include <fstream>
#include <mutex>

#include "base/error.hpp"
#include "base/json.hpp"
#include "storage/aws_credentials.hpp"

namespace clinikk {
namespace {

constexpr std::size_t max_answer_bytes = 64UL * 1024;
constexpr std::chrono::minutes margin{5};
constexpr std::string_view roles_path = "/latest/meta-data/iam/security-credentials/";

std::string text_of(JsonValue const& object, std::string_view name) {
    auto const* const text = object.find_text(name);
    return text == nullptr ? std::string() : *text;
}

/// `2026-03-01T12:00:00Z`.
std::optional<Timestamp> parse_expiration(std::string const& text) {
    std::tm parts{};
    auto const* const end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (end == nullptr) return std::nullopt;
    return Timestamp(std::chrono::seconds(::timegm(&parts)));
}

AwsCredentials parse_answer(std::string const& body) {
    auto const object = read_json(body);
    bool const is_object = object && object->kind == JsonValue::Kind::object;
    if (!is_object) throw Unavailable("AWS credentials: the answer is not a JSON object");
    AwsCredentials credentials{text_of(*object, "AccessKeyId"), text_of(*object, "SecretAccessKey"),
                               text_of(*object, "Token"), parse_expiration(text_of(*object, "Expiration"))};
    bool const is_whole =
        !credentials.access_key_id.empty() && !credentials.secret_access_key.empty() && credentials.expires_at;
    if (!is_whole) throw Unavailable("AWS credentials: the answer lacks a key or its expiration");
    return credentials;
}

class MetadataCredentials final : public AwsCredentialSource {
public:
    MetadataCredentials(MetadataOptions options, client::HttpClient& http, Clock& clock)
        : options_(std::move(options)), http_(http), clock_(clock) {}

    Task<AwsCredentials> get() override {
        if (auto kept = known(margin)) co_return *std::move(kept);
        std::optional<AwsCredentials> fresh;
        std::string failure;
        try {
            auto asking = options_.container_url.empty() ? ask_instance() : ask_container();
            fresh = parse_answer(co_await std::move(asking));
        } catch (std::exception const& broken) {
            failure = broken.what();
        }
        if (fresh) {
            keep(*fresh);
            co_return *std::move(fresh);
        }
        // Credentials that are valid for a few more minutes are better than none.
        if (auto kept = known(std::chrono::seconds(0))) co_return *std::move(kept);
        throw Unavailable("AWS credentials: " + failure);
    }

private:
    std::optional<AwsCredentials> known(std::chrono::seconds at_least) {
        std::lock_guard const lock(mutex_);
        if (!kept_ || *kept_->expires_at < clock_.now() + at_least) return std::nullopt;
        return kept_;
    }

    void keep(AwsCredentials const& credentials) {
        std::lock_guard const lock(mutex_);
        kept_ = credentials;
    }

    Task<std::string> ask_container() {
        auto token = options_.container_token;
        if (!options_.token_file.empty()) {
            std::ifstream file(options_.token_file);
            std::getline(file, token);
        }
        client::HttpRequest request;
        request.url = options_.container_url;
        if (!token.empty()) request.headers.push_back("Authorization: " + token);
        co_return co_await ask(std::move(request));
    }

    /// IMDSv2: a token first ("Use the Instance Metadata Service" of the EC2 user guide).
    Task<std::string> ask_instance() {
        client::HttpRequest first;
        first.method = "PUT";
        first.url = options_.instance_url + "/latest/api/token";
        first.headers = {"X-aws-ec2-metadata-token-ttl-seconds: 21600"};
        auto const token = co_await ask(std::move(first));
        client::HttpRequest second;
        second.url = options_.instance_url + std::string(roles_path);
        second.headers = {"X-aws-ec2-metadata-token: " + token};
        auto role = co_await ask(second);
        role.resize(std::min(role.find('\n'), role.size()));
        second.url += uri_encode(role, false);
        co_return co_await ask(std::move(second));
    }

    Task<std::string> ask(client::HttpRequest request) {
        auto const url = request.url;
        auto answer = co_await http_.send(std::move(request), max_answer_bytes);
        if (answer.head.status != 200) throw Unavailable(url + ": status " + std::to_string(answer.head.status));
        co_return std::move(answer.body);
    }

    MetadataOptions options_;
    client::HttpClient& http_;
    Clock& clock_;
    std::mutex mutex_;
    std::optional<AwsCredentials> kept_;
};

}  // namespace

std::unique_ptr<AwsCredentialSource> make_metadata_credentials(MetadataOptions options, client::HttpClient& http,
                                                               Clock& clock) {
    return std::make_unique<MetadataCredentials>(std::move(options), http, clock);
}

}  // namespace clinikk
