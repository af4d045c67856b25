#include "service/publication.hpp"

#include "service/audit.hpp"
#include "service/permission.hpp"

namespace clinikk {
namespace {

std::optional<std::string> unless_empty(std::string const& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

Object make_object(FinishedUpload const& finished, ObjectStore const& store) {
    Object object;
    object.id = finished.upload.object_id;
    object.store = finished.upload.store;
    object.bucket = store.bucket();
    object.key = finished.key;
    object.size = finished.stored.size;
    object.sha256 = finished.stored.sha256;
    object.media_type = finished.facts.media_type;
    object.created_at = finished.at;
    return object;
}

SourceFacts source_facts(FinishedUpload const& finished) {
    auto const& [size, sha256] = finished.stored;
    return {size, sha256, finished.facts, finished.packaged.verdict};
}

Content make_content(FinishedUpload const& finished, ObjectStore const& store, Visibility default_visibility) {
    auto const& upload = finished.upload;
    Content content;
    content.id = upload.content_id;
    static_cast<ContentDescription&>(content) = finished.description;
    if (!content.duration) content.duration = finished.facts.duration();
    if (!content.visibility) content.visibility = default_visibility;
    static_cast<SourceMembers&>(content) = source_members(source_facts(finished));
    content.storage_url = store.public_url(finished.key);
    content.file_name = unless_empty(finished.file_name);
    content.owner_id = upload.owner_id;
    content.created_at = finished.at;
    content.updated_at = finished.at;
    return content;
}

/// Publishes the event of the outbox and writes that of the audit log.
Task<> tell(Repositories& repositories, Caller const& caller, FinishedUpload const& finished, Content const& content) {
    auto const* const type = finished.replaces ? "content.updated" : "content.created";
    Event const event{new_uuid(), type, content.id, "{}", finished.at};
    co_await repositories.outbox().publish(event);
    auto const action = finished.replaces ? AuditAction::content_source_replaced : AuditAction::content_created;
    AuditTarget const target{TargetKind::content, content.id};
    auto const details = audit_details({{"title", content.title}});
    co_await record(repositories, caller, action, target, finished.at, details);
}

/// Changes the row of the content and releases its former objects. Of two that replace the same source at once, the
/// second waits at the row, and releases what the first has linked.
Task<Result<Content>> replace_source(Repositories& repositories, User const& user, FinishedUpload const& finished,
                                     ObjectStore const& store) {
    auto const content = co_await content_to_change(repositories, user, *finished.replaces);
    if (!content) co_return content.error();
    if (content->content_type != finished.description.content_type) co_return Error(ErrorCode::media_kind_mismatch);
    NewSource const source{source_facts(finished), store.public_url(finished.key), unless_empty(finished.file_name),
                           finished.at};
    auto changed = co_await repositories.contents().replace_source(content->id, source);
    if (!changed) co_return Error(ErrorCode::content_not_found);
    co_await repositories.objects().release(content->id);
    co_return std::move(*changed);
}

}  // namespace

Task<Result<Content>> insert_published(Repositories& repositories, Caller const& caller, User const& user,
                                       FinishedUpload const& finished, ObjectStore const& store,
                                       Visibility default_visibility, IndexWriter const& indexes) {
    Content content;
    if (finished.replaces) {
        auto changed = co_await replace_source(repositories, user, finished, store);
        if (!changed) co_return changed.error();
        content = std::move(*changed);
    } else {
        content = make_content(finished, store, default_visibility);
        co_await repositories.contents().insert(content);
    }
    auto const object = make_object(finished, store);
    co_await repositories.objects().insert(object);
    co_await repositories.objects().link(content.id, ObjectRole::source, object.id);
    if (auto const& index = finished.packaged.index) {
        bool const published = co_await indexes.publish(repositories, *index);
        if (!published) co_return Error(ErrorCode::upload_interrupted);
        co_await repositories.objects().link(content.id, ObjectRole::index, index->object.id);
    }
    co_await tell(repositories, caller, finished, content);
    co_return content;
}

}  // namespace clinikk
