#include "service/content_service.hpp"

#include "service/permission.hpp"

namespace clinikk {
namespace {

/// Returns whether the tracks of the stored bytes fit the kind. Any kind fits contents that were never probed.
bool kind_fits(Content const& content, ContentKind kind) {
    if (!content.video_codec && !content.audio_codec) return true;
    return (kind == ContentKind::video) == content.video_codec.has_value();
}

/// Returns for whom a listing is.
Audience audience_of(User const* viewer) {
    if (viewer == nullptr) return Audience::everybody;
    return viewer->role == Role::admin ? Audience::admin : Audience::account;
}

Task<Result<Content>> find_for_change(Repositories& repositories, Caller const& caller, Uuid id) {
    auto const user = co_await current_editor(repositories, caller);
    if (!user) co_return user.error();
    auto content = co_await repositories.contents().find(id);
    if (!content || !may(&*user, ContentAction::see, access_of(*content))) {
        co_return Error(ErrorCode::content_not_found);
    }
    if (!may(&*user, ContentAction::change, access_of(*content))) co_return Error(ErrorCode::forbidden);
    co_return std::move(*content);
}

Event content_event(std::string type, Uuid content_id, Timestamp at) {
    return {new_uuid(), std::move(type), content_id, "{}", at};
}

}  // namespace

ContentService::ContentService(UnitOfWork& work, ObjectStores& objects, Clock& clock, Visibility default_visibility,
                               Log& log)
    : work_(work), objects_(objects), clock_(clock), default_visibility_(default_visibility), log_(log) {}

Task<Result<Content>> ContentService::get(User const* viewer, Uuid id) {
    auto content = co_await work_.repositories().contents().find(id);
    if (!content || !may(viewer, ContentAction::see, access_of(*content))) {
        co_return Error(ErrorCode::content_not_found);
    }
    co_return std::move(*content);
}

Task<std::vector<Content>> ContentService::list(User const* viewer, ContentQuery query) {
    query.audience = audience_of(viewer);
    if (viewer != nullptr) query.account = viewer->id;
    co_return co_await work_.repositories().contents().list(query);
}

Task<std::vector<Content>> ContentService::list_owned(Uuid owner_id, Uuid after, std::size_t limit) {
    return work_.repositories().contents().list_owned(owner_id, after, limit);
}

Task<Result<Content>> ContentService::update(Caller const& caller, Uuid id, ContentChanges changes) {
    auto const* const visibility = changes.find(&ContentDescription::visibility);
    if (visibility != nullptr && !*visibility) changes.set(&ContentDescription::visibility, default_visibility_);
    std::optional<Content> updated;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const content = co_await find_for_change(repositories, caller, id);
        if (!content) co_return content.error();
        auto const* const kind = changes.find(&ContentDescription::content_type);
        if (kind != nullptr && !kind_fits(*content, *kind)) co_return Error(ErrorCode::media_kind_mismatch);
        auto const at = clock_.now();
        updated = co_await repositories.contents().update(id, changes, at);
        auto const event = content_event("content.updated", id, at);
        co_await repositories.outbox().publish(event);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    if (!done) co_return done.error();
    co_return std::move(*updated);
}

Task<Result<void>> ContentService::remove(Caller const& caller, Uuid id) {
    std::vector<Object> released;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const content = co_await find_for_change(repositories, caller, id);
        if (!content) co_return content.error();
        released = co_await repositories.objects().release(id);
        co_await repositories.contents().remove(id);
        auto const event = content_event("content.deleted", id, clock_.now());
        co_await repositories.outbox().publish(event);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    if (done) co_await discard(std::move(released));
    co_return done;
}

Task<Result<User>> ContentService::find_account(Repositories& repositories, Email const& email) {
    auto user = co_await repositories.users().find_by_email_key(email.key());
    if (!user) co_return Error(ErrorCode::not_found, "No account has the address " + email.value());
    co_return std::move(*user);
}

Task<Result<std::uint64_t>> ContentService::assign_owner(Email const& email, std::vector<Uuid> const& ids) {
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const owner = co_await find_account(repositories, email);
        if (!owner) co_return owner.error();
        for (auto const& id : ids) {
            bool const found = co_await repositories.contents().set_owner(id, owner->id);
            if (!found) co_return Error(ErrorCode::content_not_found, "There is no content " + id.to_string());
        }
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    if (!done) co_return done.error();
    co_return ids.size();
}

Task<Result<std::uint64_t>> ContentService::assign_unowned(Email const& email) {
    constexpr std::size_t batch = 1000;
    auto const owner = co_await find_account(work_.repositories(), email);
    if (!owner) co_return owner.error();
    std::uint64_t all = 0;
    while (true) {
        auto const count = co_await work_.repositories().contents().set_owner_of_unowned(owner->id, batch);
        all += count;
        if (count < batch) co_return all;
    }
}

Task<> ContentService::discard(std::vector<Object> released) {
    for (auto const& object : released) {
        try {
            co_await objects_.holding(object.store, object.bucket).remove(object.key);
            co_await work_.repositories().objects().remove(object.id);
        } catch (std::exception const& failure) {
            // The content is deleted all the same. Its row in `deleting` makes the collector try again.
            log_.warning("object.removal_failed", {{"key", object.key}, {"error", failure.what()}});
        }
    }
}

}  // namespace clinikk
