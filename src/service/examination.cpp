#include "service/examination.hpp"

#include <algorithm>
#include <string>
#include <variant>

namespace clinikk {
namespace {

constexpr std::uint64_t piece_size = 1024UL * 1024;

/// The object in pieces, read one after the other. A local store reads them on its threads; a body that is a file would
/// have to be read on the event loop.
class PieceSource final : public ByteSource {
public:
    PieceSource(ObjectStore& store, std::string_view key, std::uint64_t size) : store_(store), key_(key), size_(size) {}

    Task<Result<std::string_view>> next() override {
        auto const length = std::min(piece_size, size_ - offset_);
        if (length == 0) co_return std::string_view{};
        auto piece = co_await store_.read_at(key_, {offset_, length});
        if (!piece || piece->size() != length) co_return Error(ErrorCode::upload_not_found);
        offset_ += length;
        piece_ = std::move(*piece);
        co_return std::string_view(piece_);
    }

private:
    ObjectStore& store_;
    std::string_view key_;
    std::uint64_t size_;
    std::uint64_t offset_ = 0;
    std::string piece_{};
};

Task<Result<void>> feed(ByteSource& source, Sha256& hash, MediaInspection& inspection, UploadLease const& lease) {
    while (true) {
        if (lease.is_lost()) co_return Error(ErrorCode::upload_interrupted);
        auto const piece = co_await source.next();
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return Result<void>{};
        hash.update(*piece);
        inspection.feed(*piece);
    }
}

}  // namespace

/// The ETag of a bucket does not help: it is not a SHA-256.
Task<Result<ExaminedBytes>> read_for_examination(ObjectStore& store, std::string_view key, std::uint64_t size,
                                                 MediaInspector& inspector, UploadLease const& lease) {
    ByteRange const whole{0, size};
    auto body = co_await store.body(key, whole, size);
    if (!body) co_return Error(ErrorCode::upload_not_found);
    PieceSource pieces(store, key, size);
    auto* const streamed = std::get_if<std::unique_ptr<ByteSource>>(&*body);
    ByteSource& source = streamed != nullptr ? **streamed : pieces;
    ExaminedBytes bytes{{size, {}}, inspector.begin()};
    Sha256 hash;
    auto const fed = co_await feed(source, hash, *bytes.inspection, lease);
    if (!fed) co_return fed.error();
    bytes.stored.sha256 = hash.finish();
    co_return bytes;
}

}  // namespace clinikk
