#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/http_client.hpp"
#include "domain/object_store.hpp"
#include "storage/sigv4.hpp"

/// The requests of Amazon S3's REST API, built without I/O.
namespace clinikk::s3 {

/// One operation on the bucket, before it is signed.
struct Call {
    std::string_view operation;  ///< its name in S3's reference, for the log
    std::string method = "GET";
    std::string key{};  ///< empty: the bucket itself
    Fields query{};
    Fields headers{};  ///< names in lower case
    std::string_view body{};
    std::shared_ptr<void const> body_owner{};
    std::string payload_hash{empty_payload_hash};
};

/// A part that S3 has stored.
struct UploadedPart {
    int number = 0;
    std::uint64_t size = 0;
    std::string etag{};
};

Call get_object(std::string_view key, ByteRange range);
Call head_object(std::string_view key);
/// `body` must outlive the call, or be kept alive by `owner`.
Call put_object(ObjectLabel const& label, std::string_view body, std::shared_ptr<void const> owner,
                Sha256Digest const& digest);
Call delete_object(std::string_view key);
Call create_multipart_upload(ObjectLabel const& label);
Call upload_part(std::string_view key, std::string_view upload_id, int number, std::string_view body,
                 std::shared_ptr<void const> owner, Sha256Digest const& digest);
/// For a client that sends the part itself, with exactly `size` bytes. To be presigned.
Call upload_part_of_size(std::string_view key, std::string_view upload_id, int number, std::uint64_t size);
/// The parts after number `after`, at most 1000.
Call list_parts(std::string_view key, std::string_view upload_id, int after);
/// Copies a range of an object of the same bucket into a part.
Call upload_part_copy(std::string_view bucket, std::string_view from, std::string_view key, std::string_view upload_id,
                      int number, ByteRange range);
Call complete_multipart_upload(std::string_view key, std::string_view upload_id, std::vector<UploadedPart> parts);
Call abort_multipart_upload(std::string_view key, std::string_view upload_id);
/// ListObjectsV2.
Call list_objects(std::string_view prefix, std::string_view after, std::size_t limit);
/// The first page: at most 1000.
Call list_multipart_uploads(std::string_view prefix);
/// Copies within the bucket. The copy keeps what is stored with the object.
Call copy_object(std::string_view bucket, std::string_view from, std::string_view to);
Call head_bucket();

/// The place of a bucket, and the form of its addresses.
class Address {
public:
    /// `endpoint`: a URL without a path, or empty for that of Amazon for the region. With `path_style` the bucket is in
    /// the path, else in the name of the host. Throws std::invalid_argument when `endpoint` is not such a URL.
    Address(std::string_view endpoint, std::string region, std::string bucket, bool path_style);

    std::string const& bucket() const noexcept { return bucket_; }

    /// The unsigned URL of an object.
    std::string url(std::string_view key) const;

    client::HttpRequest sign(Call const& call, AwsCredentials const& credentials, Timestamp at) const;

    /// A URL that lets anyone make this call until it expires.
    std::string presign(Call const& call, AwsCredentials const& credentials, Timestamp at,
                        std::chrono::seconds expires) const;

private:
    SignableRequest signable(Call const& call) const;

    SigningScope scope_;
    std::string bucket_;
    std::string scheme_;
    std::string host_;
    std::string base_path_;  ///< `/` or `/bucket/`
};

}  // namespace clinikk::s3
