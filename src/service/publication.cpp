#include "service/publication.hpp"

#include <algorithm>

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

Content make_content(FinishedUpload const& finished) {
    auto const& [upload, description, facts, stored, key, file_name, at, default_visibility] = finished;
    Content content;
    content.id = upload.content_id;
    static_cast<ContentDescription&>(content) = description;
    if (!content.duration) content.duration = facts.duration();
    if (!content.visibility) content.visibility = default_visibility;
    static_cast<SourceMembers&>(content) = source_members({stored.size, stored.sha256, facts});
    content.file_name = unless_empty(file_name);
    content.owner_id = upload.owner_id;
    content.created_at = at;
    content.updated_at = at;
    return content;
}

}  // namespace

Task<Result<std::uint64_t>> reserve_upload(UnitOfWork& work, ObjectStore& store, UploadLimits const& limits,
                                           Caller const& owner, Upload const& upload,
                                           std::optional<std::uint64_t> announced) {
    if (auto const free = co_await store.free_space(); free && announced.value_or(1) > *free) {
        co_return Error(ErrorCode::insufficient_storage);
    }
    std::uint64_t room = limits.max_size;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const user = co_await current_editor(repositories, owner);
        if (!user) co_return user.error();
        auto const in_flight = co_await repositories.uploads().in_flight(*upload.owner_id, upload.created_at);
        if (in_flight.count >= limits.max_per_user) co_return Error(ErrorCode::too_many_uploads);
        if (limits.user_quota) {
            auto const used = co_await repositories.objects().bytes_of_owner(*upload.owner_id) +
                              static_cast<std::uint64_t>(in_flight.bytes);
            auto const left = *limits.user_quota - std::min(used, *limits.user_quota);
            if (announced.value_or(1) > left) co_return Error(ErrorCode::quota_exceeded);
            room = std::min(limits.max_size, left);
        }
        co_await repositories.uploads().insert(upload);
        co_return Result<void>{};
    };
    auto const reserved = co_await work.transaction(steps);
    if (!reserved) co_return reserved.error();
    co_return room;
}

std::string object_key(ContentKind kind, Uuid object_id, std::string_view extension) {
    std::string key = kind == ContentKind::video ? "video/" : "audio/";
    key += object_id.to_string();
    key += '.';
    key += extension;
    return key;
}

Task<Result<Content>> publish_upload(UnitOfWork& work, ObjectStore const& store, std::string_view holder,
                                     Caller const& caller, FinishedUpload const& finished) {
    auto const object = make_object(finished, store);
    auto content = make_content(finished);
    content.storage_url = store.public_url(object.key);
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const user = co_await current_editor(repositories, caller);
        if (!user) co_return user.error();
        if (!may_act_for(*user, finished.upload.owner_id)) co_return Error(ErrorCode::forbidden);
        bool const held = co_await repositories.uploads().finish(finished.upload.id, holder);
        if (!held) co_return Error(ErrorCode::upload_interrupted);
        co_await repositories.objects().insert(object);
        co_await repositories.contents().insert(content);
        co_await repositories.objects().link(content.id, ObjectRole::source, object.id);
        Event const event{new_uuid(), "content.created", content.id, "{}", object.created_at};
        co_await repositories.outbox().publish(event);
        co_return Result<void>{};
    };
    auto const done = co_await work.transaction(steps);
    if (!done) co_return done.error();
    co_return content;
}

}  // namespace clinikk
