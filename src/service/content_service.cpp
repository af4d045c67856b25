#include "service/content_service.hpp"

#include "service/audit.hpp"
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
    co_return co_await content_to_change(repositories, *user, id);
}

/// `title visibility`: what the changes set.
std::string changed_names(ContentChanges const& changes) {
    std::string names;
    std::size_t index = 0;
    for_each_member<ContentDescription>([&](auto member) {
        if (changes.is_set(index++)) names.append(names.empty() ? "" : " ").append(member.name);
    });
    return names;
}

Task<> record_assignment(Repositories& repositories, Uuid content_id, User const& owner, Timestamp at) {
    auto const actor = Actor::operator_of_commands();
    auto const details = audit_details({{"to", owner.id.to_string()}});
    AuditTarget const target{TargetKind::content, content_id};
    co_await record(repositories, actor, AuditAction::content_assigned, target, at, details);
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
        auto const details = audit_details({{"changed", changed_names(changes)}});
        co_await record(repositories, caller, AuditAction::content_updated, {TargetKind::content, id}, at, details);
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
        auto const at = clock_.now();
        auto const event = content_event("content.deleted", id, at);
        co_await repositories.outbox().publish(event);
        auto const details = audit_details({{"title", content->title}});
        co_await record(repositories, caller, AuditAction::content_deleted, {TargetKind::content, id}, at, details);
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
            co_await record_assignment(repositories, id, *owner, clock_.now());
        }
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    if (!done) co_return done.error();
    co_return ids.size();
}

Task<Result<std::uint64_t>> ContentService::assign_unowned(Email const& email) {
    constexpr std::size_t batch = 1000;
    std::uint64_t all = 0;
    while (true) {
        std::uint64_t count = 0;
        UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
            auto const owner = co_await find_account(repositories, email);
            if (!owner) co_return owner.error();
            count = co_await repositories.contents().set_owner_of_unowned(owner->id, batch);
            auto const details = audit_details({{"contents", std::to_string(count)}});
            AuditTarget const target{TargetKind::account, owner->id};
            auto const actor = Actor::operator_of_commands();
            if (count > 0) {
                co_await record(repositories, actor, AuditAction::content_assigned, target, clock_.now(), details);
            }
            co_return Result<void>{};
        };
        auto const done = co_await work_.transaction(steps);
        if (!done) co_return done.error();
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
