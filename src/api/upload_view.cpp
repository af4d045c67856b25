#include "api/upload_view.hpp"

#include "base/json.hpp"
#include "service/upload_description.hpp"

namespace clinikk::api {
namespace {

UploadStage stage_of(ResumableUpload const& upload) {
    if (upload.state == ResumableState::done) return UploadStage::done;
    if (upload.state != ResumableState::open) return UploadStage::failed;
    return upload.is_complete ? UploadStage::committing : UploadStage::receiving;
}

/// Of a failed upload: `outcome` is what the service recorded.
std::optional<UploadFailureView> failure_of(ResumableUpload const& upload) {
    if (upload.state != ResumableState::failed) return std::nullopt;
    UploadFailureView failure;
    auto const outcome = read_json(upload.outcome);
    if (!outcome) return failure;
    if (auto const* const code = outcome->find_text("code")) failure.code = *code;
    if (auto const* const detail = outcome->find_text("detail")) failure.detail = *detail;
    return failure;
}

}  // namespace

std::optional<Uuid> content_of(ResumableUpload const& upload) {
    if (upload.concat == UploadConcat::partial) return std::nullopt;
    return upload.replaces ? upload.replaces : std::optional(upload.id);
}

ListedUploadView view_listed(ResumableUpload const& upload) {
    ListedUploadView view{.id = upload.id,
                          .content_id = content_of(upload),
                          .state = stage_of(upload),
                          .offset = upload.offset,
                          .size = upload.length,
                          .title = {},
                          .file_name = {},
                          .created_at = upload.created_at,
                          .expires_at = upload.expires_at};
    if (upload.description.empty()) return view;
    auto description = parse_description(upload.description);
    view.title = std::move(description.title);
    if (!description.file_name.empty()) view.file_name = std::move(description.file_name);
    return view;
}

ResumableUploadView view_resumable(UploadStatus status, std::string_view base_url) {
    ResumableUploadView view{view_listed(status.upload), failure_of(status.upload), {}};
    if (status.content) view.content = view_content(std::move(*status.content), base_url);
    return view;
}

}  // namespace clinikk::api
