#include "service/packaging_service.hpp"

#include <utility>

#include "base/encoding.hpp"
#include "domain/permission.hpp"

namespace clinikk {
namespace {

Error unpackaged(PackagedSource const& source) {
    auto const reason = source.packaging_reason.value_or("The file has not been examined for packaging yet.");
    return {ErrorCode::packaging_unavailable, reason};
}

}  // namespace

PackagingService::PackagingService(UnitOfWork& work, ObjectStores& objects, PackagingReader& reader,
                                   PackagingOptions options, Log& log)
    : work_(work), objects_(objects), reader_(reader), cache_(options.cache, log), log_(log) {}

Task<Result<PackagedPlayback>> PackagingService::find(User const* viewer, Uuid content_id) {
    auto source = co_await work_.repositories().contents().find_packaged(content_id);
    if (!source) co_return co_await error_without_object(viewer, content_id);
    if (!may(viewer, ContentAction::see, access_of(*source))) co_return Error(ErrorCode::content_not_found);
    if (source->packaging != Packaging::ready || !source->index_id) co_return unpackaged(*source);

    auto const index_id = *source->index_id;
    PackagedPlayback found{{content_id, std::move(*source), {}, {}}, cache_.find(index_id)};
    if (found.media) co_return found;
    auto loaded = co_await cache_.get(index_id, [this, index_id] { return load(index_id); });
    if (loaded) {
        found.media = std::move(*loaded);
        co_return found;
    }
    // The content may have been deleted meanwhile.
    auto const now = co_await work_.repositories().contents().find_packaged(content_id);
    if (!now) co_return Error(ErrorCode::content_not_found);
    co_return loaded.error();
}

Task<Error> PackagingService::error_without_object(User const* viewer, Uuid content_id) {
    auto const content = co_await work_.repositories().contents().find(content_id);
    bool const is_seen = content && may(viewer, ContentAction::see, access_of(*content));
    if (!is_seen) co_return Error(ErrorCode::content_not_found);
    co_return Error(ErrorCode::packaging_unavailable, "Its bytes are not in a store of this service.");
}

Task<Result<IndexCache::Media>> PackagingService::load(Uuid index_id) {
    auto const object = co_await work_.repositories().objects().find(index_id);
    if (!object || object->state != ObjectState::stored) co_return Error(ErrorCode::source_unavailable);
    auto& store = objects_.holding(object->store, object->bucket);
    ByteRange const whole{0, object->size.value()};
    auto bytes = co_await store.read_at(object->key, whole);
    std::string fault = bytes ? "it has another size than its row says" : "it is not in its store";
    if (bytes && bytes->size() == whole.length) {
        auto media = reader_.read(std::move(*bytes));
        bool const is_the_same = media && to_hex(*object->sha256).starts_with((*media)->digest());
        if (is_the_same) co_return media;
        fault = media ? "it has other bytes than its row says" : media.error().detail;
    }
    log_.error("index.lost", {{"store", object->store}, {"key", object->key}, {"why", fault}});
    co_return Error(ErrorCode::source_unavailable);
}

}  // namespace clinikk
