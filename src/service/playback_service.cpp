#include "service/playback_service.hpp"

#include <algorithm>
#include <utility>

#include "base/encoding.hpp"
#include "domain/file_name.hpp"
#include "domain/media_format.hpp"
#include "domain/permission.hpp"
#include "domain/values.hpp"

namespace clinikk {
namespace {

/// The extension of a key of earlier versions, without the dot; empty when it has none.
std::string_view extension_of_key(std::string_view key) noexcept {
    auto const name = key.substr(key.rfind('/') + 1);
    auto const dot = name.rfind('.');
    return dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
}

}  // namespace

std::string Playback::version() const { return source.sha256 ? to_hex(*source.sha256) : std::string(); }

bool Playback::is_for_everybody() const noexcept { return may(nullptr, ContentAction::see, access_of(source)); }

DownloadName Playback::download_name() const noexcept {
    auto const given = without_directories(source.file_name ? *source.file_name : std::string_view());
    if (!given.empty()) return {given, {}};
    auto const known = source.media_type ? extension_of(*source.media_type) : std::string_view();
    return {source.title, known.empty() ? extension_of_key(source.key) : known};
}

PlaybackService::PlaybackService(UnitOfWork& work, ObjectStores& objects, PlaybackOptions options, Log& log)
    : work_(work), objects_(objects), options_(options), log_(log) {}

Task<Result<Playback>> PlaybackService::find(User const* viewer, Uuid content_id) {
    Playback playback;
    playback.content_id = content_id;
    auto source = co_await work_.repositories().contents().find_source(content_id);
    if (source) {
        playback.source = std::move(*source);
    } else {
        auto content = co_await work_.repositories().contents().find(content_id);
        if (!content) co_return Error(ErrorCode::content_not_found);
        playback.source.title = std::move(content->title);
        playback.source.storage_url = std::move(content->storage_url);
        playback.source.owner_id = content->owner_id;
        playback.source.visibility = content->visibility.value_or(Visibility::private_);
        playback.source.created_at = content->created_at;
    }
    if (!may(viewer, ContentAction::see, access_of(playback.source))) {
        co_return Error(ErrorCode::content_not_found);
    }
    auto const& found = playback.source;
    bool const is_elsewhere = !found.sha256 && objects_.find(found.store, found.bucket) == nullptr;
    if (is_elsewhere) {
        auto const address = HttpUrl::parse(found.storage_url.value_or(""));
        if (!address) co_return Error(ErrorCode::source_unavailable);
        playback.external_address = address->value();
    }
    co_return playback;
}

Task<std::optional<DirectAddress>> PlaybackService::direct_address(Playback const& playback, std::string disposition) {
    auto const& source = playback.source;
    auto life = options_.address_life;
    if (!playback.is_for_everybody()) life = std::min(life, options_.private_address_life);
    if (playback.granted) life = std::min(life, *playback.granted);
    DirectAccess const access{life, source.media_type.value_or(""), std::move(disposition)};
    auto url = co_await store_of(source).presign(source.key, access);
    if (!url) co_return std::nullopt;
    co_return DirectAddress{std::move(*url), life};
}

Task<Result<void>> PlaybackService::resolve(Playback& playback) {
    auto& source = playback.source;
    if (!source.size) {
        auto const stat = co_await store_of(source).stat(source.key);
        if (!stat) co_return co_await bytes_missing(playback);
        source.size = stat->size;
    }
    // What has not been read yet is assumed to be of the format that its name claims.
    if (!source.media_type) source.media_type.emplace(claimed_format(source.key).media_type);
    co_return Result<void>{};
}

Task<Result<void>> PlaybackService::confirm(Playback const& playback) {
    auto const& source = playback.source;
    auto const stat = co_await store_of(source).stat(source.key);
    bool const is_whole = stat && stat->size == playback.size();
    if (!is_whole) co_return co_await bytes_missing(playback);
    co_return Result<void>{};
}

Task<Result<Body>> PlaybackService::open(Playback const& playback, ByteRange range) {
    auto const& source = playback.source;
    auto body = co_await store_of(source).body(source.key, range, playback.size());
    if (!body) co_return co_await bytes_missing(playback);
    co_return std::move(*body);
}

Task<Result<Body>> PlaybackService::gather(Playback const& playback, GatheredBytes bytes) {
    auto const& source = playback.source;
    auto body = co_await store_of(source).gather(source.key, std::move(bytes), playback.size());
    if (!body) co_return co_await bytes_missing(playback);
    co_return std::move(*body);
}

Task<Result<std::string>> PlaybackService::read(Playback const& playback, ByteRange range) {
    auto const& source = playback.source;
    auto bytes = co_await store_of(source).read_at(source.key, range);
    if (!bytes) co_return co_await bytes_missing(playback);
    co_return std::move(*bytes);
}

/// The content was deleted or its object moved a moment ago, or the bytes are lost; only the row can tell which. An
/// object that is being deleted has lost its content first, then its bytes, and its own row at the end.
Task<Error> PlaybackService::bytes_missing(Playback const& playback) {
    auto const& source = playback.source;
    auto const now = co_await work_.repositories().contents().find_source(playback.content_id);
    if (!now) co_return Error(ErrorCode::content_not_found);
    bool const is_moved = now->store != source.store || now->bucket != source.bucket || now->key != source.key;
    if (!is_moved) log_.error("object.lost", {{"store", source.store}, {"key", source.key}});
    co_return Error(ErrorCode::source_unavailable);
}

}  // namespace clinikk
