#include "service/upload_service.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <exception>

#include "service/upload_lease.hpp"

namespace clinikk {
namespace {

/// Passes the bytes of the file on, and shows them to the inspector.
class ObservedSource : public ByteSource {
public:
    ObservedSource(ByteSource& bytes, MediaInspection& inspection, UploadLease& lease)
        : bytes_(bytes), inspection_(inspection), lease_(lease) {}

    Task<Result<std::string_view>> next() override {
        if (lease_.is_lost()) co_return Error(ErrorCode::upload_interrupted);
        auto piece = co_await bytes_.next();
        if (piece) {
            inspection_.feed(*piece);
            lease_.advance(piece->size());
        }
        co_return piece;
    }

private:
    ByteSource& bytes_;
    MediaInspection& inspection_;
    UploadLease& lease_;
};

std::string object_key(ContentKind kind, Uuid object_id, std::string_view extension) {
    std::string key = kind == ContentKind::video ? "video/" : "audio/";
    key += object_id.to_string();
    key += '.';
    key += extension;
    return key;
}

std::optional<std::string> unless_empty(std::string const& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

Content make_content(Upload const& upload, Object const& object, NewContent const& description, MediaFacts const& facts,
                     std::string file_name) {
    Content content;
    content.id = upload.content_id;
    content.title = description.title;
    content.description = description.description;
    content.kind = description.kind;
    content.duration = description.duration;
    if (!content.duration) content.duration = facts.duration();
    content.duration_ms = facts.duration_ms;
    content.thumbnail_url = description.thumbnail_url;
    content.media_type = facts.media_type;
    content.size = static_cast<std::int64_t>(object.size.value());
    content.sha256 = object.sha256;
    content.width = facts.width;
    content.height = facts.height;
    content.video_codec = unless_empty(facts.video_codec);
    content.audio_codec = unless_empty(facts.audio_codec);
    content.bit_rate = facts.bit_rate;
    content.file_name = unless_empty(file_name);
    content.owner_id = upload.owner_id;
    content.created_at = object.created_at;
    content.updated_at = object.created_at;
    return content;
}

}  // namespace

/// One upload on its way.
struct UploadService::Write {
    Upload upload{};
    std::uint64_t max_size = 0;
    std::string file_name{};
    std::string disposition{};
    std::unique_ptr<ObjectWrite> bytes{};
    StoredBytes stored{};
    std::unique_ptr<MediaInspection> inspection{};
    std::optional<ContentKind> kind{};  ///< as far as it is stated already
    std::optional<MediaFacts> facts{};

    /// What is known of the object so far.
    ObjectLabel label() const {
        auto const guess = facts ? std::optional(MediaGuess{facts->media_type, facts->extension}) : inspection->guess();
        // What is no media at all is refused in the end; until then it needs a name like any other.
        auto const& [media_type, extension] = guess.value_or(MediaGuess{"application/octet-stream", "bin"});
        auto const likely = media_type.starts_with("audio/") ? ContentKind::audio : ContentKind::video;
        return {object_key(kind.value_or(likely), upload.object_id, extension), media_type, disposition};
    }
};

UploadService::UploadService(UnitOfWork& work, ObjectStores& objects, MediaInspector& inspector, UploadLimits limits,
                             std::string holder, Log& log)
    : work_(work), objects_(objects), inspector_(inspector), limits_(limits), holder_(std::move(holder)), log_(log) {}

Task<Result<Content>> UploadService::receive(User const& owner, IncomingUpload& incoming) {
    Write write;
    auto const at = now();
    auto const announced = incoming.announced_size();
    // One id for both: a store finds what was begun for an upload by the id in the object's key.
    write.upload.id = new_uuid();
    write.upload.object_id = write.upload.id;
    write.upload.content_id = new_uuid();
    write.upload.owner_id = owner.id;
    if (announced) write.upload.length = static_cast<std::int64_t>(*announced);
    write.upload.store = objects_.current().name();
    write.upload.holder = holder_;
    write.upload.created_at = at;
    write.upload.lease_until = at + upload_lease_length;
    write.upload.expires_at = at + std::chrono::hours(24);

    auto const room = co_await reserve(write.upload, announced);
    if (!room) co_return room.error();
    write.max_size = std::min(*room, announced.value_or(*room));

    UploadLease lease(co_await boost::asio::this_coro::executor, work_.stores().uploads(), write.upload, log_);
    Result<Content> outcome = Error(ErrorCode::internal);
    std::exception_ptr breakage;
    try {
        outcome = co_await receive_reserved(write, lease, incoming);
    } catch (...) {
        breakage = std::current_exception();
    }
    if (outcome) co_return outcome;
    co_await discard(write);
    if (breakage) std::rethrow_exception(breakage);
    co_return outcome;
}

/// When the store is away its bytes stay, and the row, which makes the collector try again.
Task<> UploadService::discard(Write& write) {
    try {
        if (write.bytes) co_await write.bytes->discard();
        write.bytes.reset();
        co_await work_.stores().uploads().finish(write.upload.id, holder_);
    } catch (std::exception const& failure) {
        log_.warning("upload left to the collector",
                     {{"upload", write.upload.id.to_string()}, {"error", failure.what()}});
    }
}

/// Makes the upload's row if there is room for it; gives the number of bytes it may have.
Task<Result<std::uint64_t>> UploadService::reserve(Upload const& upload, std::optional<std::uint64_t> announced) {
    if (auto const free = co_await objects_.current().free_space(); free && announced.value_or(1) > *free) {
        co_return Error(ErrorCode::insufficient_storage);
    }
    std::uint64_t room = limits_.max_size;
    UnitOfWork::Steps const steps = [&](Stores& stores) -> Task<Result<void>> {
        auto const in_flight = co_await stores.uploads().in_flight(*upload.owner_id, upload.created_at);
        if (in_flight.count >= limits_.max_per_user) co_return Error(ErrorCode::too_many_uploads);
        if (limits_.user_quota) {
            auto const used = co_await stores.objects().bytes_of_owner(*upload.owner_id) +
                              static_cast<std::uint64_t>(in_flight.bytes);
            auto const left = *limits_.user_quota - std::min(used, *limits_.user_quota);
            if (announced.value_or(1) > left) co_return Error(ErrorCode::quota_exceeded);
            room = std::min(room, left);
        }
        co_await stores.uploads().insert(upload);
        co_return Result<void>{};
    };
    auto const reserved = co_await work_.transaction(steps);
    if (!reserved) co_return reserved.error();
    co_return room;
}

Task<Result<Content>> UploadService::receive_reserved(Write& write, UploadLease& lease, IncomingUpload& incoming) {
    auto file = co_await incoming.file();
    if (!file) co_return file.error();
    write.file_name = std::move(file->name);
    write.disposition = std::move(file->disposition);
    write.kind = incoming.stated_kind();
    write.inspection = inspector_.begin();
    write.bytes = co_await objects_.current().create(write.upload.id.to_string());
    write.bytes->set_labeller([&write] { return write.label(); });
    ObservedSource source(*file->bytes, *write.inspection, lease);
    auto const stored = co_await write.bytes->write(source, write.max_size);
    if (!stored) co_return stored.error();
    write.stored = *stored;
    auto const description = co_await incoming.description();
    if (!description) co_return description.error();
    auto facts = co_await write.inspection->finish(description->kind);
    if (!facts) co_return facts.error();
    write.kind = description->kind;
    write.facts = std::move(*facts);
    co_return co_await publish(write, *description);
}

Task<Result<Content>> UploadService::publish(Write& write, NewContent const& description) {
    auto const& upload = write.upload;
    auto const& facts = *write.facts;
    auto& store = objects_.current();
    Object object;
    object.id = upload.object_id;
    object.store = upload.store;
    object.bucket = store.bucket();
    object.key = write.label().key;
    object.size = write.stored.size;
    object.sha256 = write.stored.sha256;
    object.media_type = facts.media_type;
    object.created_at = now();
    // The row says where the object will stand before it stands there: a crash in between leaves no stray object.
    bool const held = co_await work_.stores().uploads().start_commit(upload.id, holder_, object.key,
                                                                     object.created_at + upload_lease_length);
    if (!held) co_return Error(ErrorCode::upload_interrupted);
    co_await write.bytes->commit(object.key);

    auto content = make_content(upload, object, description, facts, write.file_name);
    content.storage_url = store.public_url(object.key);
    UnitOfWork::Steps const steps = [&](Stores& stores) -> Task<Result<void>> {
        if (!co_await stores.uploads().finish(upload.id, holder_)) co_return Error(ErrorCode::upload_interrupted);
        co_await stores.objects().insert(object);
        co_await stores.contents().insert(content);
        co_await stores.objects().link(content.id, ObjectRole::source, object.id);
        Event const event{new_uuid(), "content.created", content.id, "{}", object.created_at};
        co_await stores.outbox().publish(event);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    if (!done) {
        co_await store.remove(object.key);
        co_return done.error();
    }
    log_.info("content created",
              {{"content", content.id.to_string()}, {"key", object.key}, {"bytes", object.size.value()}});
    co_return content;
}

}  // namespace clinikk
