#include "service/publication.hpp"

#include <algorithm>

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

Content make_content(FinishedUpload const& finished, ObjectStore const& store) {
    auto const& upload = finished.upload;
    Content content;
    content.id = upload.content_id;
    static_cast<ContentDescription&>(content) = finished.description;
    if (!content.duration) content.duration = finished.facts.duration();
    if (!content.visibility) content.visibility = finished.default_visibility;
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

Task<Result<Content>> make_or_change_content(Repositories& repositories, User const& user,
                                             FinishedUpload const& finished, ObjectStore const& store) {
    if (finished.replaces) co_return co_await replace_source(repositories, user, finished, store);
    auto content = make_content(finished, store);
    co_await repositories.contents().insert(content);
    co_return content;
}

/// What the owner has stored and under way.
Task<std::uint64_t> bytes_used(Repositories& repositories, Uuid owner_id, UploadsInFlight const& in_flight) {
    auto const stored = co_await repositories.objects().bytes_of_owner(owner_id);
    co_return stored + static_cast<std::uint64_t>(in_flight.bytes);
}

}  // namespace

Task<std::optional<std::uint64_t>> quota_left(Repositories& repositories, UploadLimits const& limits, Uuid owner_id,
                                              UploadsInFlight const& in_flight) {
    if (!limits.user_quota) co_return std::nullopt;
    auto const used = co_await bytes_used(repositories, owner_id, in_flight);
    co_return *limits.user_quota - std::min(used, *limits.user_quota);
}

Task<bool> is_within_quota(Repositories& repositories, UploadLimits const& limits, Uuid owner_id, Timestamp at) {
    if (!limits.user_quota) co_return true;
    auto const in_flight = co_await repositories.uploads().in_flight(owner_id, at);
    co_return co_await bytes_used(repositories, owner_id, in_flight) <= *limits.user_quota;
}

Task<Result<std::uint64_t>> reserve_upload(UnitOfWork& work, ObjectStore& store, UploadLimits const& limits,
                                           Caller const& owner, Upload const& upload,
                                           std::optional<std::uint64_t> announced, UnitOfWork::Steps first,
                                           UnitOfWork::Steps also) {
    if (auto const free = co_await store.free_space(); free && announced.value_or(1) > *free) {
        co_return Error(ErrorCode::insufficient_storage);
    }
    std::uint64_t room = limits.max_size;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const user = co_await current_editor(repositories, owner);
        if (!user) co_return user.error();
        if (first) {
            auto const done = co_await first(repositories);
            if (!done) co_return done.error();
        }
        auto const in_flight = co_await repositories.uploads().in_flight(*upload.owner_id, upload.created_at);
        if (in_flight.count >= limits.max_per_user) co_return Error(ErrorCode::too_many_uploads);
        if (auto const left = co_await quota_left(repositories, limits, *upload.owner_id, in_flight)) {
            if (announced.value_or(1) > *left) co_return Error(ErrorCode::quota_exceeded);
            room = std::min(limits.max_size, *left);
        }
        co_await repositories.uploads().insert(upload);
        if (also) co_return co_await also(repositories);
        co_return Result<void>{};
    };
    auto const reserved = co_await work.transaction(steps);
    if (!reserved) co_return reserved.error();
    co_return room;
}

std::string object_key(Uuid object_id) { return "objects/" + object_id.to_string(); }

Task<Result<ContentKind>> kind_to_replace(UnitOfWork& work, Caller const& caller, Uuid content_id) {
    auto const user = co_await current_editor(work.repositories(), caller);
    if (!user) co_return user.error();
    auto const content = co_await content_to_change(work.repositories(), *user, content_id);
    if (!content) co_return content.error();
    co_return content->content_type;
}

Task<Result<Content>> publish_upload(UnitOfWork& work, ObjectStore const& store, UploadLimits const& limits,
                                     IndexWriter const& indexes, std::string_view holder, Caller const& caller,
                                     FinishedUpload const& finished, UnitOfWork::Steps also) {
    auto const object = make_object(finished, store);
    Result<Content> content = Error(ErrorCode::internal);
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const user = co_await current_editor(repositories, caller);
        if (!user) co_return user.error();
        if (!may_act_for(*user, finished.upload.owner_id)) co_return Error(ErrorCode::forbidden);
        if (also) {
            auto const done = co_await also(repositories);
            if (!done) co_return done.error();
        }
        bool const held = co_await repositories.uploads().finish(finished.upload.id, holder);
        if (!held) co_return Error(ErrorCode::upload_interrupted);
        content = co_await make_or_change_content(repositories, *user, finished, store);
        if (!content) co_return content.error();
        co_await repositories.objects().insert(object);
        co_await repositories.objects().link(content->id, ObjectRole::source, object.id);
        // Nothing was reserved for what did not state its length, and others may have come meanwhile.
        bool const fits = finished.upload.length || !finished.upload.owner_id ||
                          co_await is_within_quota(repositories, limits, *finished.upload.owner_id, finished.at);
        if (!fits) co_return Error(ErrorCode::quota_exceeded);
        if (auto const& index = finished.packaged.index) {
            bool const published = co_await indexes.publish(repositories, *index);
            if (!published) co_return Error(ErrorCode::upload_interrupted);
            co_await repositories.objects().link(content->id, ObjectRole::index, index->object.id);
        }
        co_await tell(repositories, caller, finished, *content);
        co_return Result<void>{};
    };
    auto const done = co_await work.transaction(steps);
    if (!done) co_return done.error();
    co_return content;
}

}  // namespace clinikk
