#include "service/index_writer.hpp"

#include <boost/asio/this_coro.hpp>

#include <exception>

namespace clinikk {
namespace {

/// Bytes in memory, at once.
class WholeSource : public ByteSource {
public:
    explicit WholeSource(std::string_view bytes) : bytes_(bytes) {}

    Task<Result<std::string_view>> next() override { co_return std::exchange(bytes_, std::string_view()); }

private:
    std::string_view bytes_;
};

/// The write has a row of its own, so that it needs no rules of its own: row, object and key share one id.
Upload index_in_flight(ObjectStore const& store, std::uint64_t size, std::string const& holder, Timestamp at) {
    Upload upload;
    upload.id = new_uuid();
    upload.content_id = upload.id;
    upload.object_id = upload.id;
    upload.length = static_cast<std::int64_t>(size);
    upload.store = store.name();
    upload.object_key = "index/" + upload.id.to_string() + '.' + std::string(packaging_index_format.extension);
    upload.holder = holder;
    upload.created_at = at;
    upload.lease_until = at + upload_lease_length;
    upload.expires_at = at + std::chrono::hours(24);
    return upload;
}

Object make_object(Upload const& upload, ObjectStore const& store, StoredBytes const& stored) {
    Object object;
    object.id = upload.object_id;
    object.store = upload.store;
    object.bucket = store.bucket();
    object.key = upload.object_key;
    object.size = stored.size;
    object.sha256 = stored.sha256;
    object.media_type = packaging_index_format.media_type;
    object.created_at = upload.created_at;
    return object;
}

}  // namespace

IndexWriter::IndexWriter(UnitOfWork& work, Clock& clock, std::string holder, Log& log)
    : work_(work), clock_(clock), holder_(std::move(holder)), log_(log) {}

Task<Result<PackagedFile>> IndexWriter::package(MediaInspection& inspection, Sha256Digest const& sha256,
                                                ObjectStore& store) {
    PackagedFile packaged;
    auto examined = co_await inspection.package(sha256);
    if (!examined) co_return packaged;
    packaged.verdict = std::move(examined->verdict);
    if (packaged.verdict->packaging == Packaging::ready) {
        auto written = co_await write(store, std::move(examined->index));
        if (!written) co_return written.error();
        packaged.index = std::move(*written);
    }
    co_return packaged;
}

Task<Result<WrittenIndex>> IndexWriter::write(ObjectStore& store, std::string bytes) {
    WrittenIndex index{index_in_flight(store, bytes.size(), holder_, clock_.now())};
    auto const& upload = index.upload;
    co_await work_.repositories().uploads().insert(upload);
    auto const executor = co_await boost::asio::this_coro::executor;
    index.lease = std::make_unique<UploadLease>(executor, clock_, work_.repositories().uploads(), upload, log_);
    auto const writing = co_await store.create(upload.id.to_string());
    writing->set_labeller(
        [&] { return ObjectLabel{upload.object_key, std::string(packaging_index_format.media_type), {}}; });
    WholeSource source(bytes);
    auto const stored = co_await writing->write(source, bytes.size());
    if (!stored) {
        co_await writing->discard();
        co_await work_.repositories().uploads().finish(upload.id, holder_);
        co_return stored.error();
    }
    co_await writing->commit(upload.object_key);
    index.object = make_object(upload, store, *stored);
    co_return index;
}

Task<bool> IndexWriter::publish(Repositories& repositories, WrittenIndex const& index) const {
    bool const held = co_await repositories.uploads().finish(index.upload.id, holder_);
    if (held) co_await repositories.objects().insert(index.object);
    co_return held;
}

Task<> IndexWriter::discard(PackagedFile const& packaged, ObjectStore& store) {
    if (!packaged.index) co_return;
    auto const& upload = packaged.index->upload;
    try {
        co_await store.remove(upload.object_key);
        co_await work_.repositories().uploads().finish(upload.id, holder_);
    } catch (std::exception const& failure) {
        log_.warning("index.discard_failed", {{"key", upload.object_key}, {"error", failure.what()}});
    }
}

}  // namespace clinikk
