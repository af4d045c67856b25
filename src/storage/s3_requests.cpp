#include "storage/s3_requests.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <stdexcept>

#include "base/encoding.hpp"

namespace clinikk::s3 {
namespace {

std::string range_text(ByteRange range) {
    return "bytes=" + std::to_string(range.offset) + '-' + std::to_string(range.offset + range.length - 1);
}

std::string copy_source(std::string_view bucket, std::string_view key) {
    return uri_encode('/' + std::string(bucket) + '/' + std::string(key), true);
}

void add_label(Call& call, ObjectLabel const& label) {
    call.key = label.key;
    if (!label.media_type.empty()) call.headers.emplace_back("content-type", label.media_type);
    if (!label.disposition.empty()) call.headers.emplace_back("content-disposition", label.disposition);
}

Call bodied(Call call, std::string_view body, std::shared_ptr<void const> owner, Sha256Digest const& digest) {
    call.body = body;
    call.body_owner = std::move(owner);
    call.payload_hash = to_hex(digest);
    return call;
}

}  // namespace

Call get_object(std::string_view key, ByteRange range) {
    return {.operation = "GetObject", .key = std::string(key), .headers = {{"range", range_text(range)}}};
}

Call head_object(std::string_view key) {
    return {.operation = "HeadObject", .method = "HEAD", .key = std::string(key)};
}

Call put_object(ObjectLabel const& label, std::string_view body, std::shared_ptr<void const> owner,
                Sha256Digest const& digest) {
    Call call{.operation = "PutObject", .method = "PUT"};
    add_label(call, label);
    return bodied(std::move(call), body, std::move(owner), digest);
}

Call delete_object(std::string_view key) {
    return {.operation = "DeleteObject", .method = "DELETE", .key = std::string(key)};
}

Call create_multipart_upload(ObjectLabel const& label) {
    Call call{.operation = "CreateMultipartUpload", .method = "POST", .query = {{"uploads", ""}}};
    add_label(call, label);
    return call;
}

Call upload_part(std::string_view key, std::string_view upload_id, int number, std::string_view body,
                 std::shared_ptr<void const> owner, Sha256Digest const& digest) {
    Call call{.operation = "UploadPart",
              .method = "PUT",
              .key = std::string(key),
              .query = {{"partNumber", std::to_string(number)}, {"uploadId", std::string(upload_id)}}};
    return bodied(std::move(call), body, std::move(owner), digest);
}

Call upload_part_of_size(std::string_view key, std::string_view upload_id, int number, std::uint64_t size) {
    return {.operation = "UploadPart",
            .method = "PUT",
            .key = std::string(key),
            .query = {{"partNumber", std::to_string(number)}, {"uploadId", std::string(upload_id)}},
            .headers = {{"content-length", std::to_string(size)}}};
}

Call list_parts(std::string_view key, std::string_view upload_id, int after) {
    Call call{.operation = "ListParts", .key = std::string(key), .query = {{"uploadId", std::string(upload_id)}}};
    if (after > 0) call.query.emplace_back("part-number-marker", std::to_string(after));
    return call;
}

Call upload_part_copy(std::string_view bucket, std::string_view from, std::string_view key, std::string_view upload_id,
                      int number, ByteRange range) {
    return {
        .operation = "UploadPartCopy",
        .method = "PUT",
        .key = std::string(key),
        .query = {{"partNumber", std::to_string(number)}, {"uploadId", std::string(upload_id)}},
        .headers = {{"x-amz-copy-source", copy_source(bucket, from)}, {"x-amz-copy-source-range", range_text(range)}}};
}

Call complete_multipart_upload(std::string_view key, std::string_view upload_id, std::vector<UploadedPart> parts) {
    std::ranges::sort(parts, {}, &UploadedPart::number);
    auto const text = std::make_shared<std::string>("<CompleteMultipartUpload>");
    for (auto const& part : parts) {
        // An ETag is hexadecimal digits in quotes; only the quotes need escaping.
        std::string etag;
        for (char const c : part.etag) {
            if (c == '"') {
                etag += "&quot;";
            } else if (c != '<' && c != '&') {
                etag += c;
            }
        }
        *text += "<Part><PartNumber>" + std::to_string(part.number) + "</PartNumber><ETag>";
        text->append(etag).append("</ETag></Part>");
    }
    *text += "</CompleteMultipartUpload>";
    Call call{.operation = "CompleteMultipartUpload",
              .method = "POST",
              .key = std::string(key),
              .query = {{"uploadId", std::string(upload_id)}},
              .headers = {{"content-type", "application/xml"}}};
    return bodied(std::move(call), *text, text, Sha256::of(*text));
}

Call abort_multipart_upload(std::string_view key, std::string_view upload_id) {
    return {.operation = "AbortMultipartUpload",
            .method = "DELETE",
            .key = std::string(key),
            .query = {{"uploadId", std::string(upload_id)}}};
}

Call list_objects(std::string_view prefix, std::string_view after, std::size_t limit) {
    Call call{.operation = "ListObjectsV2", .query = {{"list-type", "2"}, {"max-keys", std::to_string(limit)}}};
    if (!prefix.empty()) call.query.emplace_back("prefix", prefix);
    if (!after.empty()) call.query.emplace_back("start-after", after);
    return call;
}

Call list_multipart_uploads(std::string_view prefix) {
    return {.operation = "ListMultipartUploads", .query = {{"uploads", ""}, {"prefix", std::string(prefix)}}};
}

Call copy_object(std::string_view bucket, std::string_view from, std::string_view to) {
    return {.operation = "CopyObject",
            .method = "PUT",
            .key = std::string(to),
            .headers = {{"x-amz-copy-source", copy_source(bucket, from)}}};
}

Call head_bucket() { return {.operation = "HeadBucket", .method = "HEAD"}; }

Address::Address(std::string_view endpoint, std::string region, std::string bucket, bool path_style)
    : scope_{std::move(region)}, bucket_(std::move(bucket)), scheme_("https") {
    if (endpoint.empty()) {
        host_ = "s3." + scope_.region + ".amazonaws.com";
    } else {
        auto const url = boost::urls::parse_uri(endpoint);
        bool const fits = url && !url->host().empty() && (url->path().empty() || url->path() == "/") &&
                          !url->has_query() && !url->has_fragment() && !url->has_userinfo();
        if (!fits) throw std::invalid_argument("a URL without a path");
        scheme_ = url->scheme();
        host_ = url->encoded_host_and_port();
        auto const own_port = scheme_ == "https" ? std::string_view(":443") : std::string_view(":80");
        if (host_.ends_with(own_port)) host_.resize(host_.size() - own_port.size());
    }
    base_path_ = path_style ? '/' + bucket_ + '/' : "/";
    if (!path_style) host_ = bucket_ + '.' + host_;
}

std::string Address::url(std::string_view key) const {
    return scheme_ + "://" + host_ + uri_encode(base_path_ + std::string(key), true);
}

SignableRequest Address::signable(Call const& call) const {
    auto path = base_path_ + call.key;
    // The bucket itself has no slash at its end.
    if (call.key.empty() && path.size() > 1) path.pop_back();
    return {call.method, host_, path, call.query, call.headers};
}

client::HttpRequest Address::sign(Call const& call, AwsCredentials const& credentials, Timestamp at) const {
    auto const signable_request = signable(call);
    client::HttpRequest request;
    request.method = call.method;
    request.url = scheme_ + "://" + host_ + uri_encode(signable_request.path, true);
    if (!call.query.empty()) request.url += '?' + canonical_query(call.query);
    for (auto const& [name, value] : sign_headers(signable_request, call.payload_hash, credentials, scope_, at)) {
        auto& line = request.headers.emplace_back(name == "content-type" ? "Content-Type" : name);
        line.append(": ").append(value);
    }
    request.body = call.body;
    request.body_owner = call.body_owner;
    return request;
}

std::string Address::presign(Call const& call, AwsCredentials const& credentials, Timestamp at,
                             std::chrono::seconds expires) const {
    auto const request = signable(call);
    return scheme_ + "://" + host_ + uri_encode(request.path, true) + '?' +
           presign_query(request, credentials, scope_, at, expires);
}

}  // namespace clinikk::s3
