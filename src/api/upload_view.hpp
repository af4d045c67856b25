#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/content_view.hpp"
#include "service/resumable_upload_service.hpp"

namespace clinikk::api {

/// `receiving`: bytes are awaited. `committing`: all have arrived, and are being examined or wait for it. `done`: the
/// content exists. `failed`: the file was refused.
enum class UploadStage : std::uint8_t { receiving, committing, done, failed };
BOOST_DESCRIBE_ENUM(UploadStage, receiving, committing, done, failed)

/// Why an upload has failed.
struct UploadFailureView {
    static constexpr std::string_view schema_name = "UploadFailure";
    std::string code;
    std::string detail;
};
BOOST_DESCRIBE_STRUCT(UploadFailureView, (), (code, detail))

/// A resumable upload as it is listed.
struct ListedUploadView {
    static constexpr std::string_view schema_name = "ListedUpload";
    Uuid id;
    /// Of the content that it makes, or whose source it replaces; none of a part of a concatenation.
    std::optional<Uuid> content_id;
    UploadStage state;
    std::int64_t offset;
    std::optional<std::int64_t> size;
    std::optional<std::string> title;      ///< none of a part of a concatenation
    std::optional<std::string> file_name;  ///< as the client sent it
    Timestamp created_at;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(ListedUploadView, (),
                      (id, content_id, state, offset, size, title, file_name, created_at, expires_at))

/// A resumable upload with its outcome.
struct ResumableUploadView : ListedUploadView {
    static constexpr std::string_view schema_name = "ResumableUpload";
    std::optional<UploadFailureView> failure;
    std::optional<ContentView> content;
};
BOOST_DESCRIBE_STRUCT(ResumableUploadView, (ListedUploadView), (failure, content))

/// The content that an upload becomes; empty of a part of a concatenation.
std::optional<Uuid> content_of(ResumableUpload const& upload);

ListedUploadView view_listed(ResumableUpload const& upload);
ResumableUploadView view_resumable(UploadStatus status, std::string_view base_url);

}  // namespace clinikk::api
