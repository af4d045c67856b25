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
    Upload upload{};
    std::uint64_t max_size = 0;
    std::string file_name{};
    std::string disposition{};
    std::unique_ptr<ObjectWrite> bytes{};
    ExaminedBytes examined{};
    std::string media_type{};  ///< once the bytes have been accepted
    bool is_visible = false;

    /// What is known about the object so far. Bytes that are not media are refused at the end; until then they have a
    /// type as well.
    ObjectLabel label() const {
        auto const guess = examined.inspection->guess().value_or(media_format::unknown);
        return {upload.object_key, media_type.empty() ? std::string(guess.media_type) : media_type, disposition};
    }
};

UploadService::UploadService(UploadCore& core, UnitOfWork& work, ObjectStores& objects, Clock& clock, Log& log)
    : core_(core), work_(work), objects_(objects), clock_(clock), log_(log) {}

Task<Result<Content>> UploadService::receive(Caller const& owner, IncomingUpload& incoming) {
    Write write;
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
    write.upload.holder = core_.holder();
    write.upload.created_at = at;
    write.upload.lease_until = at + upload_lease_length;
    write.upload.expires_at = at + std::chrono::hours(24);

    auto const room = co_await core_.reserve(owner, write.upload, announced);
    if (!room) co_return room.error();
    write.max_size = std::min(*room, announced.value_or(*room));

    UploadLease lease(co_await boost::asio::this_coro::executor, clock_, work_.repositories().uploads(), write.upload,
                      log_);
    Result<Content> outcome = Error(ErrorCode::internal);
    std::exception_ptr breakage;
    try {
        outcome = co_await receive_reserved(owner, write, lease, incoming);
    } catch (OutOfSpace const& failure) {
        log_.warning("disk.filled", {{"upload", write.upload.id.to_string()}, {"error", failure.what()}});
        outcome = Error(ErrorCode::insufficient_storage);
    } catch (...) {
        breakage = std::current_exception();
    }
    if (outcome) co_return outcome;
    // If the publication broke, it may have taken place although its answer was lost.
    bool const may_be_published = breakage && write.is_visible;
    co_await discard(write, may_be_published);
    if (breakage) std::rethrow_exception(breakage);
    co_return outcome;
}

/// If the store cannot be reached, its bytes stay, and so does the row, which makes the collector try again.
Task<> UploadService::discard(Write& write, bool may_be_published) {
    try {
        if (write.is_visible && !may_be_published) co_await objects_.current().remove(write.upload.object_key);
        if (write.bytes) co_await write.bytes->discard();
        write.bytes.reset();
        co_await work_.repositories().uploads().finish(write.upload.id, write.upload.holder);
    } catch (std::exception const& failure) {
        log_.warning("upload.discard_failed", {{"upload", write.upload.id.to_string()}, {"error", failure.what()}});
    }
}

Task<Result<Content>> UploadService::receive_reserved(Caller const& owner, Write& write, UploadLease& lease,
                                                      IncomingUpload& incoming) {
    auto file = co_await incoming.file();
    if (!file) co_return file.error();
    write.file_name = std::move(file->name);
    write.disposition = std::move(file->disposition);
    write.examined.inspection = core_.inspector().begin();
    write.bytes = co_await objects_.current().create(write.upload.id.to_string());
    write.bytes->set_labeller([&write] { return write.label(); });
    ObservedSource source(*file->bytes, *write.examined.inspection, lease);
    auto const stored = co_await write.bytes->write(source, write.max_size);
    if (!stored) co_return stored.error();
    write.examined.stored = *stored;
    auto description = co_await incoming.description();
    if (!description) co_return description.error();
    co_return co_await publish(owner, write, std::move(*description));
}

Task<Result<Content>> UploadService::publish(Caller const& owner, Write& write, ContentDescription description) {
    Publication publication{std::move(description), write.file_name, write.upload.object_key};
    publication.make_visible = [this, &write](MediaFacts const& facts) -> Task<Result<void>> {
        write.media_type = facts.media_type;
        return make_visible(write);
    };
    co_return co_await core_.publish(owner, write.upload, write.examined, publication);
}

Task<Result<void>> UploadService::make_visible(Write& write) {
    auto const& upload = write.upload;
    auto const until = clock_.now() + upload_lease_length;
    bool const held =
        co_await work_.repositories().uploads().start_commit(upload.id, upload.holder, upload.object_key, until);
    if (!held) co_return Error(ErrorCode::upload_interrupted);
    co_await write.bytes->commit(upload.object_key);
    write.is_visible = true;
    co_return Result<void>{};
}

}  // namespace clinikk
