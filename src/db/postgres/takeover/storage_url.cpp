#include "db/postgres/takeover/storage_url.hpp"

#include <algorithm>

#include "domain/object_key.hpp"

namespace clinikk::db {
namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
    if (!text.ends_with(suffix)) return false;
    text.remove_suffix(suffix.size());
    return true;
}

std::string lower(std::string_view text) {
    std::string lowered(text);
    std::ranges::transform(lowered, lowered.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
    return lowered;
}

/// Removes the last label from `host`, with the dot before it.
std::string_view take_last_label(std::string_view& host) {
    auto const dot = host.rfind('.');
    auto const label = dot == host.npos ? host : host.substr(dot + 1);
    host = dot == host.npos ? std::string_view() : host.substr(0, dot);
    return label;
}

/// The part of the host name before that of S3: a bucket, or nothing. Empty optional when it is not a host of S3.
std::optional<std::string_view> bucket_in_host(std::string_view host) {
    if (!take_suffix(host, ".amazonaws.com") && !take_suffix(host, ".amazonaws.com.cn")) return std::nullopt;
    auto const last = take_last_label(host);
    if (last == "s3" || last.starts_with("s3-")) return host;
    // The last label was the region.
    auto rest = host;
    auto service = take_last_label(rest);
    if (service == "dualstack") service = take_last_label(rest);
    if (service == "s3") return rest;
    return std::nullopt;
}

bool is_bucket_name(std::string_view name) {
    auto const is_fit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-'; };
    return name.size() >= 3 && name.size() <= 63 && std::ranges::all_of(name, is_fit);
}

bool is_media_key(std::string_view key) {
    return is_object_key(key) && (key.starts_with("video/") || key.starts_with("audio/"));
}

}  // namespace

std::optional<PocObject> parse_poc_storage_url(std::string_view url) {
    if (!take_prefix(url, "https://") && !take_prefix(url, "http://")) return std::nullopt;
    auto const slash = url.find('/');
    if (slash == url.npos) return std::nullopt;
    auto const host = lower(url.substr(0, slash));
    auto path = url.substr(slash + 1);
    auto const in_host = bucket_in_host(host);
    if (!in_host) return std::nullopt;
    std::string_view bucket = *in_host;
    if (bucket.empty()) {
        bucket = path.substr(0, path.find('/'));
        path.remove_prefix(std::min(path.size(), bucket.size() + 1));
    }
    // Our keys have no escapes, so a key with escapes is not one of ours: nothing is decoded.
    if (!is_bucket_name(bucket) || !is_media_key(path)) return std::nullopt;
    return PocObject{std::string(bucket), std::string(path)};
}

}  // namespace clinikk::db
