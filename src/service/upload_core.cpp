#include "service/upload_core.hpp"

#include <algorithm>
#include <array>

#include "service/permission.hpp"

namespace clinikk {
namespace {

constexpr std::size_t mebibyte = 1024UL * 1024;
/// What the reading of one object holds: a piece, the next one on its way, and the examination.
constexpr std::size_t memory_of_reading = 4 * mebibyte;
constexpr std::size_t readings_at_once = 8;

}  // namespace

std::string object_key(Uuid object_id) { return "objects/" + object_id.to_string(); }

bool is_final(ErrorCode code) noexcept {
    using enum ErrorCode;
    constexpr std::array final_codes{upload_not_found,  upload_lost,        content_not_found,   quota_exceeded,
                                     digest_mismatch,   media_unrecognised, media_kind_mismatch, media_truncated,
                                     media_unsupported, media_probe_timeout};
    return std::ranges::find(final_codes, code) != final_codes.end();
}

UploadCore::UploadCore(UnitOfWork& work, ObjectStores& objects, MediaInspector& inspector, Clock& clock,
                       UploadLimits limits, std::string holder, Log& log)
    : work_(work),
      objects_(objects),
      inspector_(inspector),
      clock_(clock),
      limits_(limits),
      holder_(std::move(holder)),
      indexes_(work, clock, holder_, log),
      reading_memory_(readings_at_once * memory_of_reading),
      log_(log) {}

Task<Result<std::uint64_t>> UploadCore::reserve(Caller const& owner, Upload const& upload,
                                                std::optional<std::uint64_t> announced, UnitOfWork::Steps first,
                                                UnitOfWork::Steps also) {
    auto const free = co_await objects_.named(upload.store).free_space();
    if (free && announced.value_or(1) > *free) co_return Error(ErrorCode::insufficient_storage);
    std::uint64_t room = limits_.max_size;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const user = co_await current_editor(repositories, owner);
        if (!user) co_return user.error();
        if (first) {
            auto const done = co_await first(repositories);
            if (!done) co_return done.error();
        }
        auto const owner_id = upload.owner_id.value();
        auto const in_flight = co_await repositories.uploads().in_flight(owner_id, upload.created_at);
        if (in_flight.count >= limits_.max_per_user) co_return Error(ErrorCode::too_many_uploads);
        if (auto const left = co_await quota_left(repositories, owner_id)) {
            if (announced.value_or(1) > *left) co_return Error(ErrorCode::quota_exceeded);
            room = std::min(limits_.max_size, *left);
        }
        co_await repositories.uploads().insert(upload);
        if (also) co_return co_await also(repositories);
        co_return Result<void>{};
    };
    auto const reserved = co_await work_.transaction(steps);
    if (!reserved) co_return reserved.error();
    co_return room;
}

Task<Result<ContentKind>> UploadCore::kind_to_replace(Caller const& caller, Uuid content_id) {
    auto const user = co_await current_editor(work_.repositories(), caller);
    if (!user) co_return user.error();
    auto const content = co_await content_to_change(work_.repositories(), *user, content_id);
    if (!content) co_return content.error();
    co_return content->content_type;
}

/// What the owner has stored and under way.
Task<std::uint64_t> UploadCore::bytes_used(Repositories& repositories, Uuid owner_id) {
    auto const in_flight = co_await repositories.uploads().in_flight(owner_id, clock_.now());
    auto const stored = co_await repositories.objects().bytes_of_owner(owner_id);
    co_return stored + static_cast<std::uint64_t>(in_flight.bytes);
}

Task<std::optional<std::uint64_t>> UploadCore::quota_left(Repositories& repositories, Uuid owner_id) {
    if (!limits_.user_quota) co_return std::nullopt;
    auto const used = co_await bytes_used(repositories, owner_id);
    co_return *limits_.user_quota - std::min(used, *limits_.user_quota);
}

Task<bool> UploadCore::is_within_quota(Repositories& repositories, Uuid owner_id) {
    if (!limits_.user_quota) co_return true;
    co_return co_await bytes_used(repositories, owner_id) <= *limits_.user_quota;
}

Task<Result<ExaminedBytes>> UploadCore::read(ObjectStore& store, std::string_view key, std::uint64_t size,
                                             UploadLease const& lease) {
    auto const turn = co_await reading_memory_.borrow(memory_of_reading);
    co_return co_await read_for_examination(store, key, size, inspector_, lease);
}

Task<Result<Content>> UploadCore::publish(Caller const& caller, Upload const& upload, ExaminedBytes& bytes,
                                          Publication const& publication) {
    auto const& [stored, inspection] = bytes;
    if (publication.sha256.value_or(stored.sha256) != stored.sha256) co_return Error(ErrorCode::digest_mismatch);
    auto const facts = co_await inspection->finish(publication.description.content_type);
    if (!facts) co_return facts.error();
    auto& store = objects_.named(upload.store);
    auto const packaged = co_await indexes_.package(*inspection, stored.sha256, store);
    if (!packaged) co_return packaged.error();
    FinishedUpload const finished{upload,
                                  publication.description,
                                  *facts,
                                  stored,
                                  *packaged,
                                  publication.key,
                                  publication.file_name,
                                  publication.replaces,
                                  clock_.now()};
    auto content = co_await publish_packaged(caller, finished, publication);
    if (!content) co_await indexes_.discard(*packaged, store);
    co_return content;
}

/// If this throws, the publication may have taken place all the same: the collector knows whether the index has an
/// owner.
Task<Result<Content>> UploadCore::publish_packaged(Caller const& caller, FinishedUpload const& finished,
                                                   Publication const& publication) {
    if (publication.make_visible) {
        auto const visible = co_await publication.make_visible(finished.facts);
        if (!visible) co_return visible.error();
    }
    auto content = co_await commit(caller, finished, publication.also);
    if (!content) co_return content.error();
    log_.info(finished.replaces ? "content.source_replaced" : "content.created",
              {{"content", content->id.to_string()}, {"key", finished.key}, {"bytes", finished.stored.size}});
    co_return content;
}

Task<Result<Content>> UploadCore::commit(Caller const& caller, FinishedUpload const& finished,
                                         UnitOfWork::Steps const& also) {
    auto const& upload = finished.upload;
    auto const& store = objects_.named(upload.store);
    Result<Content> content = Error(ErrorCode::internal);
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const user = co_await current_editor(repositories, caller);
        if (!user) co_return user.error();
        if (!may_act_for(*user, upload.owner_id)) co_return Error(ErrorCode::forbidden);
        if (also) {
            auto const done = co_await also(repositories);
            if (!done) co_return done.error();
        }
        bool const held = co_await repositories.uploads().finish(upload.id, upload.holder);
        if (!held) co_return Error(ErrorCode::upload_interrupted);
        content = co_await insert_published(repositories, caller, *user, finished, store, limits_.default_visibility,
                                            indexes_);
        if (!content) co_return content.error();
        // Nothing was reserved for what did not state its length, and others may have come meanwhile.
        bool const fits = upload.length || !upload.owner_id || co_await is_within_quota(repositories, *upload.owner_id);
        if (!fits) co_return Error(ErrorCode::quota_exceeded);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    if (!done) co_return done.error();
    co_return content;
}

}  // namespace clinikk
