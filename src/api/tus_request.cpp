#include "api/tus_request.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "api/tus_metadata.hpp"
#include "http/message/syntax.hpp"
#include "http/message/tus_fields.hpp"

namespace clinikk::api {
namespace {

Error bad_field(std::string_view detail) { return {ErrorCode::bad_request, std::string(detail)}; }

/// The upload at an absolute or relative address that ends in `/uploads/<id>` or `/uploads/<id>.<right>`. Who may use
/// it depends on the account alone.
std::optional<Uuid> upload_at(std::string_view address) {
    auto const slash = address.rfind('/');
    if (slash == address.npos) return std::nullopt;
    auto const collection = address.substr(0, slash);
    if (collection != "uploads" && !collection.ends_with("/uploads")) return std::nullopt;
    auto const path = UploadPathValue::parse(address.substr(slash + 1));
    return path ? std::optional(path->value().id) : std::nullopt;
}

Result<void> read_concat(std::string_view field, NewResumableUpload& upload) {
    auto const concat = parse_tus_concat(field);
    if (!concat) return concat.error();
    upload.concat = concat->is_final ? UploadConcat::final_ : UploadConcat::partial;
    upload.concat_field = field;
    for (auto const address : concat->addresses) {
        auto const id = upload_at(address);
        if (!id) return Error(ErrorCode::upload_concat_invalid, "Upload-Concat names an address that is not an upload");
        upload.pieces.push_back(*id);
    }
    return {};
}

Result<void> read_metadata(CreateTusUploadRequest const& wanted, NewResumableUpload& upload) {
    std::vector<TusMetadataPair> pairs;
    if (wanted.upload_metadata) {
        upload.metadata = wanted.upload_metadata->value();
        auto parsed = parse_tus_metadata(wanted.upload_metadata->value());
        if (!parsed) return parsed.error();
        pairs = std::move(*parsed);
    }
    if (upload.concat == UploadConcat::partial) return {};
    auto described = read_tus_description(pairs);
    if (!described) return described.error();
    upload.description = std::move(described->description);
    upload.replaces = described->replaces;
    return {};
}

/// Exactly one of Upload-Length and Upload-Defer-Length is there; a final upload has neither.
Result<void> check_length_fields(CreateTusUploadRequest const& wanted, UploadConcat concat) {
    if (wanted.upload_defer_length && wanted.upload_defer_length->value() != "1") {
        return bad_field("Upload-Defer-Length must be 1");
    }
    bool const has_length(wanted.upload_length);
    bool const is_deferred(wanted.upload_defer_length);
    if (concat == UploadConcat::final_) {
        if (has_length || is_deferred) return bad_field("The length of a final upload is that of its parts");
    } else if (has_length == is_deferred) {
        return bad_field("State either Upload-Length or Upload-Defer-Length");
    }
    return {};
}

Result<ChunkChecksum> read_checksum(std::string_view field) {
    auto parsed = parse_tus_checksum(field);
    if (!parsed) return parsed.error();
    for (auto rest = chunk_checksum_algorithms; !rest.empty();) {
        if (take_list_element(rest) == parsed->algorithm) {
            return ChunkChecksum{std::string(parsed->algorithm), std::move(parsed->digest)};
        }
    }
    return Error(ErrorCode::upload_checksum_unsupported);
}

bool announces_checksum(RequestHead const& head) {
    return std::ranges::any_of(head.fields, [](Field const& field) {
        return same_ignoring_case(field.name, "Trailer") && announces_trailer(field.value, "Upload-Checksum");
    });
}

/// What a body at creation must not be, as far as the head shows.
Result<void> check_first_body(RequestHead const& head, NewResumableUpload const& upload) {
    if (!has_body(head)) return {};
    if (upload.concat == UploadConcat::final_) return Error(ErrorCode::upload_is_final);
    bool const is_longer = head.framing == BodyFraming::length && upload.length && head.content_length > *upload.length;
    if (is_longer) return Error(ErrorCode::upload_length_exceeded);
    return {};
}

}  // namespace

bool has_body(RequestHead const& head) {
    return head.framing == BodyFraming::chunked || (head.framing == BodyFraming::length && head.content_length > 0);
}

Result<NewResumableUpload> read_creation(CreateTusUploadRequest const& wanted, RequestHead const& head,
                                         std::uint64_t max_size) {
    NewResumableUpload upload;
    if (wanted.upload_concat) {
        auto const concat = read_concat(wanted.upload_concat->value(), upload);
        if (!concat) return concat.error();
    }
    auto const fields = check_length_fields(wanted, upload.concat);
    if (!fields) return fields.error();
    auto const length = read_length(wanted.upload_length, max_size);
    if (!length) return length.error();
    upload.length = *length;
    auto const metadata = read_metadata(wanted, upload);
    if (!metadata) return metadata.error();
    auto const body = check_first_body(head, upload);
    if (!body) return body.error();
    return upload;
}

Result<std::uint64_t> read_offset(UploadOffsetField const& field) {
    auto const offset = field ? parse_byte_count(field->value()) : std::nullopt;
    if (!offset) return bad_field("Upload-Offset must be there, and a non-negative integer");
    return *offset;
}

Result<std::optional<std::uint64_t>> read_length(UploadLengthField const& field, std::uint64_t max_size) {
    if (!field) return std::optional<std::uint64_t>();
    auto const length = parse_byte_count(field->value());
    if (!length) return bad_field("Upload-Length must be a non-negative integer");
    if (*length > max_size) return Error(ErrorCode::upload_too_large);
    return length;
}

Result<BodyChecksum> checksum_of(Request& request) {
    using Read = Result<std::optional<ChunkChecksum>>;
    BodyChecksum found;
    auto const field = request.head.find("Upload-Checksum");
    if (field.data() != nullptr) {
        auto checksum = read_checksum(field);
        if (!checksum) return checksum.error();
        found.algorithm = checksum->algorithm;
        found.read = [checksum = std::move(*checksum)]() -> Read { return std::optional(checksum); };
    } else if (announces_checksum(request.head)) {
        found.read = [&body = request.body.get()]() -> Read {
            auto const trailer = body.trailer("Upload-Checksum");
            if (trailer.empty()) return bad_field("The trailer announced Upload-Checksum, and has none");
            auto checksum = read_checksum(trailer);
            if (!checksum) return checksum.error();
            return std::optional(std::move(*checksum));
        };
    }
    return found;
}

}  // namespace clinikk::api
