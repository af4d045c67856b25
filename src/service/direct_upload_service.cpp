#include "service/direct_upload_service.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <exception>

#include "domain/media_format.hpp"
#include "service/audit.hpp"
#include "service/permission.hpp"
#include "service/upload_lease.hpp"

namespace clinikk {
namespace {

constexpr std::uint64_t mebibyte = 1024UL * 1024;
constexpr std::uint64_t smallest_part = 8 * mebibyte;
constexpr std::uint64_t comfortable_part = 64 * mebibyte;
constexpr std::uint64_t few_parts = 1000;
constexpr std::uint64_t max_parts = 10'000;
/// A limit of S3.
constexpr std::uint64_t max_object_size = 5ULL << 40U;
constexpr int first_addresses = 100;

DirectUploadHandle handle_of(Upload const& upload) { return {upload.object_key, upload.s3_upload_id}; }

std::vector<PartSlot> slots(PartPlan const& plan, int first, int count) {
    std::vector<PartSlot> parts;
    for (int number = first; number <= plan.count() && number - first < count; ++number) {
        parts.push_back({number, plan.size_of(number)});
    }
    return parts;
}

std::string_view without_quotes(std::string_view etag) {
    if (etag.size() >= 2 && etag.starts_with('"') && etag.ends_with('"')) etag = etag.substr(1, etag.size() - 2);
    return etag;
}

Error mismatch(int number, std::string_view what) {
    return {ErrorCode::parts_mismatch, "Part " + std::to_string(number) + ' ' + std::string(what)};
}

/// Returns whether the parts that the client listed, the stored parts and the announced parts are the same.
Result<void> check_parts(PartPlan const& plan, std::vector<StoredPart> const& stored, UploadCompletion const& listed) {
    auto const count = static_cast<std::size_t>(plan.count());
    if (listed.parts.size() != count) {
        return Error(ErrorCode::parts_mismatch, "The upload has " + std::to_string(count) + " parts, the list has " +
                                                    std::to_string(listed.parts.size()));
    }
    std::vector<UploadCompletion::Part const*> by_number(count);
    for (auto const& part : listed.parts) {
        if (part.number < 1 || part.number > plan.count()) return mismatch(part.number, "is none of this upload");
        auto& place = by_number[static_cast<std::size_t>(part.number) - 1];
        if (place != nullptr) return mismatch(part.number, "is listed more than once");
        place = &part;
    }
    std::vector<StoredPart const*> there(count);
    for (auto const& part : stored) {
        if (part.number > plan.count()) return mismatch(part.number, "is none of this upload");
        there[static_cast<std::size_t>(part.number) - 1] = &part;
    }
    for (int number = 1; number <= plan.count(); ++number) {
        auto const index = static_cast<std::size_t>(number) - 1;
        if (there[index] == nullptr) return mismatch(number, "is not in the bucket");
        if (there[index]->size != plan.size_of(number)) return mismatch(number, "has another size than was announced");
        if (without_quotes(there[index]->etag) != without_quotes(by_number[index]->etag)) {
            return mismatch(number, "has another ETag in the bucket than in the list");
        }
    }
    return {};
}

/// The content whose source the upload replaces. One that makes a content has the same id as that.
std::optional<Uuid> replaced_by(Upload const& upload) {
    return upload.content_id == upload.id ? std::nullopt : std::optional(upload.content_id);
}

}  // namespace

PartPlan PartPlan::of(std::uint64_t size) noexcept {
    auto part = smallest_part;
    while (part < comfortable_part && size > part * few_parts) part *= 2;
    while (size > part * max_parts) part *= 2;
    return {size, part};
}

PartPlan plan_of(Upload const& upload) {
    return {static_cast<std::uint64_t>(upload.length.value()), static_cast<std::uint64_t>(upload.part_size.value())};
}

int PartPlan::count() const noexcept { return static_cast<int>((size + part_size - 1) / part_size); }

std::uint64_t PartPlan::size_of(int number) const noexcept {
    auto const offset = part_size * (static_cast<std::uint64_t>(number) - 1);
    return std::min(part_size, size - offset);
}

DirectUploadService::DirectUploadService(UploadCore& core, UnitOfWork& work, ObjectStores& objects, Clock& clock,
                                         DirectUploadOptions options, Log& log)
    : core_(core),
      work_(work),
      objects_(objects),
      clock_(clock),
      options_(options),
      holder_(core.holder()),
      log_(log) {}

/// Begins an upload. If it fails half-way, a row with a short lease is left, and the collector asks the store for what
/// belongs to it.
Task<Result<BegunUpload>> DirectUploadService::begin(Caller const& owner, UploadDescription description,
                                                     std::uint64_t size, std::optional<Uuid> replaces) {
    auto& store = objects_.current();
    auto* const direct = store.direct_uploads();
    if (direct == nullptr) co_return Error(ErrorCode::direct_upload_unavailable);
    if (size > std::min(core_.limits().max_size, max_object_size)) co_return Error(ErrorCode::upload_too_large);
    if (replaces) {
        auto const kind = co_await core_.kind_to_replace(owner, *replaces);
        if (!kind) co_return kind.error();
        description.content_type = *kind;
    }
    auto const plan = PartPlan::of(size);
    BegunUpload begun;
    auto& upload = begun.upload;
    // Upload and object share one id: a store finds an upload by the id in the key, and a completion that is requested
    // again finds the content by its source. A new content has this id too.
    upload.id = new_uuid();
    upload.object_id = upload.id;
    upload.content_id = replaces.value_or(upload.id);
    upload.owner_id = owner.user.id;
    upload.method = UploadMethod::direct;
    upload.length = static_cast<std::int64_t>(size);
    upload.part_size = static_cast<std::int64_t>(plan.part_size);
    upload.metadata = serialize(description);
    upload.store = store.name();
    upload.holder = holder_;
    upload.created_at = clock_.now();
    upload.lease_until = upload.created_at + upload_lease_length;
    upload.expires_at = upload.lease_until;
    auto const room = co_await core_.reserve(owner, upload, size);
    if (!room) co_return room.error();

    UploadLease const lease(co_await boost::asio::this_coro::executor, clock_, work_.repositories().uploads(), upload,
                            log_);
    auto const claimed = claimed_format(description.file_name);
    ObjectLabel const label{object_key(upload.object_id), std::string(claimed.media_type), description.disposition};
    auto const handle = co_await direct->begin(label);
    upload.object_key = handle.key;
    upload.s3_upload_id = handle.upload_id;
    upload.expires_at = upload.created_at + options_.life;
    UnitOfWork::Steps const hand_over = [&](Repositories& repositories) -> Task<Result<void>> {
        bool const held = co_await repositories.uploads().hand_over(upload, holder_);
        if (!held) co_return Error(ErrorCode::upload_interrupted);
        AuditTarget const target{TargetKind::upload, upload.id};
        co_await record(repositories, owner, AuditAction::upload_begun, target, upload.created_at);
        co_return Result<void>{};
    };
    auto const handed_over = co_await work_.transaction(hand_over);
    if (!handed_over) {
        co_await direct->abort(handle);
        co_return handed_over.error();
    }
    auto const first = slots(plan, 1, first_addresses);
    begun.addresses = co_await direct->addresses(handle, first, std::min(options_.address_life, options_.life));
    log_.info("upload.begun", {{"upload", upload.id.to_string()}, {"key", handle.key}, {"bytes", size}});
    co_return begun;
}

Task<Result<UploadProgress>> DirectUploadService::progress(Caller const& caller, Uuid id) {
    auto const upload = co_await find(caller, id);
    if (!upload) co_return upload.error();
    UploadProgress progress{*upload};
    auto parts = co_await direct(*upload).list_parts(handle_of(*upload));
    if (parts) {
        progress.parts = std::move(*parts);
    } else {
        progress.upload.state = UploadState::committing;
    }
    co_return progress;
}

Task<Result<PartAddresses>> DirectUploadService::addresses(Caller const& caller, Uuid id, int first, int count) {
    auto const upload = co_await find(caller, id);
    if (!upload) co_return upload.error();
    if (upload->state == UploadState::committing) co_return Error(ErrorCode::upload_busy);
    auto const plan = plan_of(*upload);
    if (first > plan.count()) {
        auto const detail = "from must be at most " + std::to_string(plan.count());
        std::vector<FieldError> errors;
        errors.push_back({detail, "#/from"});
        co_return Error(ErrorCode::validation_failed, detail, std::move(errors));
    }
    auto const wanted = slots(plan, first, count);
    auto const left = std::chrono::ceil<std::chrono::seconds>(upload->expires_at - clock_.now());
    auto const expires = std::clamp(left, std::chrono::seconds(1), options_.address_life);
    co_return co_await direct(*upload).addresses(handle_of(*upload), wanted, expires);
}

Task<Result<Content>> DirectUploadService::complete(Caller const& caller, Uuid id, UploadCompletion completion) {
    auto claimed = co_await claim(caller, id);
    if (!claimed && claimed.error().code == ErrorCode::upload_not_found) co_return co_await find_content(caller, id);
    if (!claimed) co_return claimed.error();
    auto const& upload = *claimed;
    UploadLease lease(co_await boost::asio::this_coro::executor, clock_, work_.repositories().uploads(), upload, log_);
    Result<Content> outcome = Error(ErrorCode::internal);
    std::exception_ptr breakage;
    try {
        outcome = co_await complete_claimed(caller, upload, lease, completion);
    } catch (...) {
        breakage = std::current_exception();
    }
    if (outcome) co_return outcome;
    if (!breakage && is_final(outcome.error().code)) {
        co_await discard(upload);
    } else {
        co_await give_back(upload);
    }
    if (breakage) std::rethrow_exception(breakage);
    co_return outcome;
}

Task<Result<void>> DirectUploadService::abort(Caller const& caller, Uuid id) {
    auto const upload = co_await claim(caller, id);
    if (!upload) co_return upload.error();
    UploadLease const lease(co_await boost::asio::this_coro::executor, clock_, work_.repositories().uploads(), *upload,
                            log_);
    bool is_removed = false;
    std::exception_ptr breakage;
    try {
        is_removed = co_await remove(*upload, &caller);
    } catch (...) {
        breakage = std::current_exception();
    }
    if (breakage) {
        co_await give_back(*upload);
        std::rethrow_exception(breakage);
    }
    if (!is_removed) co_return Error(ErrorCode::upload_busy);
    log_.info("upload.aborted", {{"upload", id.to_string()}});
    co_return Result<void>{};
}

/// Removes the parts, or the object made of them, and then the row. First it makes sure that no other process can
/// complete the upload, since an object that another process has published must stay. Returns false when another
/// process has the upload.
Task<bool> DirectUploadService::remove(Upload const& upload, Caller const* canceller) {
    bool const is_closed = co_await close(upload);
    if (!is_closed) co_return false;
    co_await direct(upload).abort(handle_of(upload));
    co_await objects_.named(upload.store).remove(upload.object_key);
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        co_await repositories.uploads().finish(upload.id, holder_);
        if (canceller != nullptr) {
            AuditTarget const target{TargetKind::upload, upload.id};
            co_await record(repositories, *canceller, AuditAction::upload_aborted, target, clock_.now());
        }
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    done.value();
    co_return true;
}

/// Makes the upload expire while this process still holds it. Returns false when another process or the collector has
/// it.
Task<bool> DirectUploadService::close(Upload upload) {
    auto const at = clock_.now();
    upload.expires_at = at - std::chrono::microseconds(1);
    bool const held = co_await work_.repositories().uploads().hand_over(upload, holder_);
    if (!held) co_return false;
    co_return co_await work_.repositories().uploads().take_over(upload.id, holder_, at, at + upload_lease_length);
}

Task<Result<Upload>> DirectUploadService::find(Caller const& caller, Uuid id) {
    auto const user = co_await current_editor(work_.repositories(), caller);
    if (!user) co_return user.error();
    auto upload = co_await work_.repositories().uploads().find(id);
    bool const is_there = upload && upload->method == UploadMethod::direct && upload->expires_at >= clock_.now() &&
                          !upload->s3_upload_id.empty();
    if (!is_there || !may_act_for(*user, upload->owner_id)) co_return Error(ErrorCode::upload_not_found);
    co_return std::move(*upload);
}

/// Claims the upload. No other process changes it until the lease runs out.
Task<Result<Upload>> DirectUploadService::claim(Caller const& caller, Uuid id) {
    auto const found = co_await find(caller, id);
    if (!found) co_return found.error();
    auto const at = clock_.now();
    bool const held = co_await work_.repositories().uploads().claim(id, holder_, at, at + upload_lease_length);
    if (!held) co_return Error(ErrorCode::upload_busy);
    // The former holder may have changed it since.
    co_return co_await find(caller, id);
}

/// Returns what has become of an upload that no longer exists.
Task<Result<Content>> DirectUploadService::find_content(Caller const& caller, Uuid id) {
    auto content = co_await work_.repositories().contents().find(id);
    if (!content) content = co_await work_.repositories().contents().find_by_source(id);
    if (!content || !may_act_for(caller.user, content->owner_id)) co_return Error(ErrorCode::upload_not_found);
    co_return std::move(*content);
}

Task<Result<Content>> DirectUploadService::complete_claimed(Caller const& caller, Upload const& upload,
                                                            UploadLease& lease, UploadCompletion const& completion) {
    auto const description = parse_description(upload.metadata.value());
    auto const assembled = co_await assemble(upload, completion);
    if (!assembled) co_return assembled.error();
    auto& store = objects_.named(upload.store);
    auto bytes = co_await core_.read(store, upload.object_key, plan_of(upload).size, lease);
    if (!bytes) co_return bytes.error();
    Publication publication{description, description.file_name, upload.object_key, completion.sha256};
    publication.replaces = replaced_by(upload);
    co_return co_await core_.publish(caller, upload, *bytes, publication);
}

/// Joins the parts to an object, unless an earlier completion did so and died.
Task<Result<void>> DirectUploadService::assemble(Upload const& upload, UploadCompletion const& completion) {
    auto const plan = plan_of(upload);
    auto const parts = co_await direct(upload).list_parts(handle_of(upload));
    if (parts) {
        auto const fit = check_parts(plan, *parts, completion);
        if (!fit) co_return fit.error();
        auto const completed = co_await direct(upload).complete(handle_of(upload), *parts, plan.size);
        bool const is_gone = !completed && completed.error().code == ErrorCode::upload_not_found;
        if (!completed && !is_gone) co_return completed.error();
    }
    auto const found = co_await objects_.named(upload.store).stat(upload.object_key);
    if (found && found->size == plan.size) co_return Result<void>{};
    log_.warning("upload.vanished", {{"upload", upload.id.to_string()}, {"key", upload.object_key}});
    co_return Error(ErrorCode::upload_not_found);
}

Task<> DirectUploadService::give_back(Upload const& upload) {
    try {
        co_await work_.repositories().uploads().hand_over(upload, holder_);
    } catch (std::exception const& failure) {
        log_.warning("upload.release_failed", {{"upload", upload.id.to_string()}, {"error", failure.what()}});
    }
}

/// If the store cannot be reached, the upload is closed all the same, and the collector removes the parts.
Task<> DirectUploadService::discard(Upload const& upload) {
    try {
        co_await remove(upload);
    } catch (std::exception const& failure) {
        log_.warning("upload.discard_failed", {{"upload", upload.id.to_string()}, {"error", failure.what()}});
    }
}

DirectUploads& DirectUploadService::direct(Upload const& upload) const {
    auto* const found = objects_.named(upload.store).direct_uploads();
    if (found == nullptr) throw Unavailable("the store " + upload.store + " takes no direct uploads");
    return *found;
}

}  // namespace clinikk
