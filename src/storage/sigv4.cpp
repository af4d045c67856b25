#include "storage/sigv4.hpp"

#include <algorithm>
#include <array>

#include "base/encoding.hpp"
#include "base/hmac.hpp"

namespace clinikk {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

/// `20130524T000000Z`.
std::string basic_time(Timestamp at) {
    auto const text = format_rfc3339(at);
    return text.substr(0, 4) + text.substr(5, 2) + text.substr(8, 5) + text.substr(14, 2) + text.substr(17, 2) + 'Z';
}

std::string_view as_text(Sha256Digest const& digest) {
    return {reinterpret_cast<char const*>(digest.data()), digest.size()};
}

std::string scope_text(SigningScope const& scope, std::string_view time) {
    return std::string(time.substr(0, 8)) + '/' + scope.region + '/' + scope.service + "/aws4_request";
}

/// Header fields by name, including Host.
Fields canonical_headers(SignableRequest const& request) {
    auto headers = request.headers;
    headers.emplace_back("host", request.host);
    std::ranges::sort(headers);
    return headers;
}

std::string signed_names(Fields const& headers) {
    std::string names;
    for (auto const& [name, value] : headers) {
        if (!names.empty()) names += ';';
        names += name;
    }
    return names;
}

/// `query` is already canonical.
std::string canonical_request(SignableRequest const& request, std::string_view query, Fields const& headers,
                              std::string_view payload_hash) {
    std::string text = request.method + '\n' + uri_encode(request.path, true) + '\n';
    text.append(query).append("\n");
    for (auto const& [name, value] : headers) text.append(name).append(":").append(value).append("\n");
    return text + '\n' + signed_names(headers) + '\n' + std::string(payload_hash);
}

/// The key for a day, region and service. It is derived from four others, so each thread keeps the last one.
Sha256Digest const& signing_key(AwsCredentials const& credentials, SigningScope const& scope, std::string_view day) {
    struct Kept {
        std::string made_of{};
        Sha256Digest key{};
    };
    thread_local Kept kept;
    auto made_of = credentials.secret_access_key + '\n' + scope.region + '\n' + scope.service + '\n' + std::string(day);
    if (kept.made_of != made_of) {
        auto key = hmac_sha256("AWS4" + credentials.secret_access_key, day);
        key = hmac_sha256(as_text(key), scope.region);
        key = hmac_sha256(as_text(key), scope.service);
        kept.key = hmac_sha256(as_text(key), "aws4_request");
        kept.made_of = std::move(made_of);
    }
    return kept.key;
}

std::string signature(std::string const& canonical, AwsCredentials const& credentials, SigningScope const& scope,
                      std::string_view time) {
    auto const to_sign = std::string(algorithm) + '\n' + std::string(time) + '\n' + scope_text(scope, time) + '\n' +
                         to_hex(Sha256::of(canonical));
    auto const& key = signing_key(credentials, scope, time.substr(0, 8));
    return to_hex(hmac_sha256(as_text(key), to_sign));
}

}  // namespace

std::string uri_encode(std::string_view text, bool keep_slash) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    constexpr std::string_view others = "-._~";
    std::string encoded;
    for (char const c : text) {
        bool const plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           others.find(c) != others.npos || (c == '/' && keep_slash);
        if (plain) {
            encoded += c;
            continue;
        }
        auto const byte = static_cast<unsigned char>(c);
        encoded += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
    return encoded;
}

std::string canonical_query(Fields query) {
    for (auto& [name, value] : query) {
        name = uri_encode(name, false);
        value = uri_encode(value, false);
    }
    std::ranges::sort(query);
    std::string text;
    for (auto const& [name, value] : query) {
        if (!text.empty()) text += '&';
        text.append(name).append("=").append(value);
    }
    return text;
}

Fields sign_headers(SignableRequest const& request, std::string_view payload_hash, AwsCredentials const& credentials,
                    SigningScope const& scope, Timestamp at) {
    auto const time = basic_time(at);
    auto complete = request;
    complete.headers.emplace_back("x-amz-content-sha256", payload_hash);
    complete.headers.emplace_back("x-amz-date", time);
    if (!credentials.session_token.empty()) {
        complete.headers.emplace_back("x-amz-security-token", credentials.session_token);
    }
    auto const headers = canonical_headers(complete);
    auto const canonical = canonical_request(complete, canonical_query(complete.query), headers, payload_hash);
    complete.headers.emplace_back("authorization", std::string(algorithm) + " Credential=" + credentials.access_key_id +
                                                       '/' + scope_text(scope, time) +
                                                       ",SignedHeaders=" + signed_names(headers) +
                                                       ",Signature=" + signature(canonical, credentials, scope, time));
    return complete.headers;
}

std::string presign_query(SignableRequest request, AwsCredentials const& credentials, SigningScope const& scope,
                          Timestamp at, std::chrono::seconds expires) {
    auto const time = basic_time(at);
    auto const headers = canonical_headers(request);
    request.query.emplace_back("X-Amz-Algorithm", algorithm);
    request.query.emplace_back("X-Amz-Credential", credentials.access_key_id + '/' + scope_text(scope, time));
    request.query.emplace_back("X-Amz-Date", time);
    request.query.emplace_back("X-Amz-Expires", std::to_string(expires.count()));
    request.query.emplace_back("X-Amz-SignedHeaders", signed_names(headers));
    if (!credentials.session_token.empty()) {
        request.query.emplace_back("X-Amz-Security-Token", credentials.session_token);
    }
    auto const query = canonical_query(std::move(request.query));
    auto const canonical = canonical_request(request, query, headers, unsigned_payload);
    return query + "&X-Amz-Signature=" + signature(canonical, credentials, scope, time);
}

}  // namespace clinikk
