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

}  // namespace

/// One upload under way.
struct UploadService::Write {
    Caller const& owner;
    Upload upload{};
    std::uint64_t max_size = 0;
    std::string file_name{};
    std::string disposition{};
    std::unique_ptr<ObjectWrite> bytes{};
    StoredBytes stored{};
    std::unique_ptr<MediaInspection> inspection{};
    std::optional<MediaFacts> facts{};
    PackagedFile packaged{};

    /// What is known about the object so far. Bytes that are not media are refused at the end; until then they have a
    /// type as well.
    ObjectLabel label() const {
        auto const guess = inspection->guess().value_or(media_format::unknown);
        return {upload.object_key, facts ? facts->media_type : std::string(guess.media_type), disposition};
    }
};

UploadService::UploadService(UnitOfWork& work, ObjectStores& objects, MediaInspector& inspector, Clock& clock,
                             UploadLimits limits, std::string holder, Log& log)
    : work_(work),
      objects_(objects),
      inspector_(inspector),
      clock_(clock),
      limits_(limits),
      holder_(std::move(holder)),
      indexes_(work, clock, holder_, log),
      log_(log) {}

Task<Result<Content>> UploadService::receive(Caller const& owner, IncomingUpload& incoming) {
    Write write{owner};
    auto const at = clock_.now();
    auto const announced = incoming.announced_size();
    // Upload and object share one id: a store finds what belongs to an upload by the id in the key of the object.
    write.upload.id = new_uuid();
    write.upload.object_id = write.upload.id;
    write.upload.object_key = object_key(write.upload.object_id);
    write.upload.content_id = new_uuid();
    write.upload.owner_id = owner.user.id;
    if (announced) write.upload.length = static_cast<std::int64_t>(*announced);
    write.upload.store = objects_.current().name();
    write.upload.holder = holder_;
    write.upload.created_at = at;
    write.upload.lease_until = at + upload_lease_length;
    write.upload.expires_at = at + std::chrono::hours(24);

    auto const room = co_await reserve_upload(work_, objects_.current(), limits_, owner, write.upload, announced);
    if (!room) co_return room.error();
    write.max_size = std::min(*room, announced.value_or(*room));

    UploadLease lease(co_await boost::asio::this_coro::executor, clock_, work_.repositories().uploads(), write.upload,
                      log_);
    Result<Content> outcome = Error(ErrorCode::internal);
    std::exception_ptr breakage;
    try {
        outcome = co_await receive_reserved(write, lease, incoming);
    } catch (OutOfSpace const& failure) {
        log_.warning("disk.filled", {{"upload", write.upload.id.to_string()}, {"error", failure.what()}});
        outcome = Error(ErrorCode::insufficient_storage);
    } catch (...) {
        breakage = std::current_exception();
    }
    if (outcome) co_return outcome;
    // The publication may have taken place although its answer was lost. The collector knows whether the index has an
    // owner.
    if (breakage) write.packaged.index.reset();
    co_await discard(write);
    if (breakage) std::rethrow_exception(breakage);
    co_return outcome;
}

/// If the store cannot be reached, its bytes stay, and so does the row, which makes the collector try again.
Task<> UploadService::discard(Write& write) {
    try {
        if (write.bytes) co_await write.bytes->discard();
        write.bytes.reset();
        co_await indexes_.discard(write.packaged, objects_.current());
        co_await work_.repositories().uploads().finish(write.upload.id, holder_);
    } catch (std::exception const& failure) {
        log_.warning("upload.discard_failed", {{"upload", write.upload.id.to_string()}, {"error", failure.what()}});
    }
}

Task<Result<Content>> UploadService::receive_reserved(Write& write, UploadLease& lease, IncomingUpload& incoming) {
    auto file = co_await incoming.file();
    if (!file) co_return file.error();
    write.file_name = std::move(file->name);
    write.disposition = std::move(file->disposition);
    write.inspection = inspector_.begin();
    write.bytes = co_await objects_.current().create(write.upload.id.to_string());
    write.bytes->set_labeller([&write] { return write.label(); });
    ObservedSource source(*file->bytes, *write.inspection, lease);
    auto const stored = co_await write.bytes->write(source, write.max_size);
    if (!stored) co_return stored.error();
    write.stored = *stored;
    auto const description = co_await incoming.description();
    if (!description) co_return description.error();
    auto facts = co_await write.inspection->finish(description->content_type);
    if (!facts) co_return facts.error();
    write.facts = std::move(*facts);
    auto packaged = co_await indexes_.package(*write.inspection, write.stored.sha256, objects_.current());
    if (!packaged) co_return packaged.error();
    write.packaged = std::move(*packaged);
    co_return co_await publish(write, *description);
}

Task<Result<Content>> UploadService::publish(Write& write, ContentDescription const& description) {
    auto const& upload = write.upload;
    auto& store = objects_.current();
    auto const& key = upload.object_key;
    auto const at = clock_.now();
    bool const held =
        co_await work_.repositories().uploads().start_commit(upload.id, holder_, key, at + upload_lease_length);
    if (!held) co_return Error(ErrorCode::upload_interrupted);
    co_await write.bytes->commit(key);

    FinishedUpload const finished{upload,        description,     *write.facts, write.stored,
                                  key,           write.file_name, at,           limits_.default_visibility,
                                  write.packaged};
    auto content = co_await publish_upload(work_, store, limits_, indexes_, holder_, write.owner, finished);
    if (!content) {
        co_await store.remove(key);
        co_return content.error();
    }
    log_.info("content.created", {{"content", content->id.to_string()}, {"key", key}, {"bytes", write.stored.size}});
    co_return content;
}

}  // namespace clinikk
