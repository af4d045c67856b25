#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "app/system_clock.hpp"
#include "base/encoding.hpp"
#include "contract/database_contract.hpp"
#include "service/playback_service.hpp"
#include "storage/local_object_store.hpp"
#include "support/temporary_directory.hpp"

namespace clinikk::testing {
namespace {

namespace fs = std::filesystem;

class PlaybackServiceContract : public DatabaseContract {
protected:
    static constexpr std::string_view bytes = "the bytes of a video";

    PlaybackServiceContract() {
        link(content_.id, object_.id);
        put(bytes);
    }

    fs::path file() const { return directory_.path() / "objects" / object_.key; }

    void put(std::string_view text) const {
        fs::create_directories(file().parent_path());
        std::ofstream(file(), std::ios::binary | std::ios::trunc) << text;
    }

    /// An object of which only its place is known, as one that was taken over.
    Uuid add_unread(std::string const& extension, std::string const& bucket = {},
                    std::optional<std::string> const& storage_url = {}) {
        Object object;
        object.id = new_uuid();
        object.store = "local";
        object.bucket = bucket;
        object.key = "video/" + object.id.to_string() + extension;
        object.created_at = at(1);
        run(repositories().objects().insert(object));
        Content content;
        content.id = new_uuid();
        content.visibility = Visibility::public_;
        content.title = "Taken over";
        content.storage_url = storage_url;
        content.created_at = content.updated_at = at(2);
        run(repositories().contents().insert(content));
        link(content.id, object.id);
        object_ = object;
        return content.id;
    }

    Result<Playback> find(Uuid id) { return run(service_.find(nullptr, id)); }

    /// How the ways to the bytes of a resolved playback fail: `confirm`, `open` and `read`, in this order.
    std::vector<ErrorCode> errors_of(Playback const& playback) {
        ByteRange const whole{0, playback.size()};
        std::vector<ErrorCode> errors;
        if (auto const done = run(service_.confirm(playback)); !done) errors.push_back(done.error().code);
        if (auto const done = run(service_.open(playback, whole)); !done) errors.push_back(done.error().code);
        if (auto const done = run(service_.read(playback, whole)); !done) errors.push_back(done.error().code);
        return errors;
    }

    TemporaryDirectory directory_;
    Log log_{LogLevel::error, LogFormat::text};
    BlockingPool pool_{1};
    app::SystemClock clock_;
    // Nothing is kept open: what happens to a file shows at once.
    std::unique_ptr<LocalObjectStore> store_ = open_local_object_store(
        {directory_.path() / "objects", directory_.path() / "temporary", 0, 0}, clock_, pool_, log_);
    ObjectStores objects_{*store_};
    PlaybackService service_{work(), objects_, {}, log_};
    Object object_ = add_object(bytes.size());
    Content content_ = add_content(at(5));
};
INSTANTIATE_TEST_SUITE_P(Drivers, PlaybackServiceContract, ::testing::ValuesIn(all_database_drivers()));

TEST_P(PlaybackServiceContract, WhatIsStoredPlays) {
    auto const playback = find(content_.id);
    ASSERT_TRUE(playback.has_value());
    EXPECT_FALSE(playback->external_address);
    EXPECT_EQ(playback->version(), to_hex(*object_.sha256));
    EXPECT_EQ(playback->size(), bytes.size());
    EXPECT_EQ(playback->media_type(), "video/mp4");
    EXPECT_EQ(playback->source.created_at, object_.created_at);
    EXPECT_TRUE(errors_of(*playback).empty());
    EXPECT_EQ(run(service_.read(*playback, {4, 5})).value(), bytes.substr(4, 5));
}

TEST_P(PlaybackServiceContract, ADiskHasNoAddresses) {
    EXPECT_TRUE(service_.redirects());
    EXPECT_FALSE(run(service_.direct_address(find(content_.id).value(), "inline")));
    EXPECT_FALSE(PlaybackService(work(), objects_, {.redirect = false}, log_).redirects());
}

TEST_P(PlaybackServiceContract, WhatIsNotThereIsNotFound) {
    EXPECT_EQ(find(new_uuid()).error().code, ErrorCode::content_not_found);
}

TEST_P(PlaybackServiceContract, BytesThatAreLostAreUnavailable) {
    auto const playback = find(content_.id).value();
    fs::remove(file());
    EXPECT_EQ(errors_of(playback), std::vector(3, ErrorCode::source_unavailable));
}

TEST_P(PlaybackServiceContract, BytesOfAnotherSizeAreUnavailable) {
    auto const playback = find(content_.id).value();
    for (auto const* const other : {"the bytes", "the bytes of a video, and more"}) {
        put(other);
        auto const errors = errors_of(playback);
        EXPECT_EQ(errors, std::vector(2, ErrorCode::source_unavailable)) << other;
    }
}

TEST_P(PlaybackServiceContract, ADirectoryOrALinkInTheirPlaceIsUnavailable) {
    auto const playback = find(content_.id).value();
    fs::rename(file(), directory_.path() / "elsewhere");
    fs::create_symlink(directory_.path() / "elsewhere", file());
    EXPECT_EQ(errors_of(playback), std::vector(3, ErrorCode::source_unavailable));
    fs::remove(file());
    fs::create_directory(file());
    EXPECT_EQ(errors_of(playback), std::vector(3, ErrorCode::source_unavailable));
}

TEST_P(PlaybackServiceContract, WhatIsDeletedMeanwhileIsNotFound) {
    auto const playback = find(content_.id).value();
    run(repositories().objects().release(content_.id));
    fs::remove(file());
    EXPECT_EQ(errors_of(playback), std::vector(3, ErrorCode::content_not_found)) << "its object is being deleted";
    run(repositories().objects().remove(object_.id));
    EXPECT_EQ(errors_of(playback), std::vector(3, ErrorCode::content_not_found));
}

TEST_P(PlaybackServiceContract, WhatHasNotBeenReadIsMeasured) {
    for (auto const& [extension, type] :
         {std::pair{".mp4", "video/mp4"}, std::pair{".xyz", "application/octet-stream"}}) {
        auto const id = add_unread(extension);
        put(bytes);
        auto playback = find(id).value();
        EXPECT_EQ(playback.version(), "");
        ASSERT_TRUE(run(service_.resolve(playback)).has_value());
        EXPECT_EQ(playback.size(), bytes.size());
        EXPECT_EQ(playback.media_type(), type);
        EXPECT_TRUE(errors_of(playback).empty());
        fs::remove(file());
        auto lost = find(id).value();
        EXPECT_EQ(run(service_.resolve(lost)).error().code, ErrorCode::source_unavailable);
    }
}

TEST_P(PlaybackServiceContract, WhatStandsElsewhereHasItsAddressOrIsUnavailable) {
    std::string const address = "https://media.example.org/a.mp4";
    EXPECT_EQ(find(add_unread(".mp4", "another", address))->external_address, address);
    for (auto const& none : {std::optional<std::string>(), std::optional<std::string>("javascript:alert(1)")}) {
        EXPECT_EQ(find(add_unread(".mp4", "another", none)).error().code, ErrorCode::source_unavailable);
    }
}

TEST_P(PlaybackServiceContract, AContentWithoutAnObjectHasItsAddressOrIsUnavailable) {
    EXPECT_EQ(find(add_content().id).error().code, ErrorCode::source_unavailable);
    Content linked;
    linked.id = new_uuid();
    linked.title = "Linked";
    linked.visibility = Visibility::public_;
    linked.storage_url = "http://media.example.org/b.mp4";
    linked.created_at = linked.updated_at = at(3);
    run(repositories().contents().insert(linked));
    EXPECT_EQ(find(linked.id)->external_address, linked.storage_url);
}

TEST(Playback, IsSavedUnderTheUploadersNameOrTheTitle) {
    Playback playback;
    playback.source.key = "video/x.mp4";
    playback.source.title = "A/B";
    EXPECT_EQ(playback.download_name().name, "A/B");
    EXPECT_EQ(playback.download_name().extension, "mp4");
    playback.source.key = "objects/x";
    EXPECT_EQ(playback.download_name().extension, "");
    playback.source.media_type = "audio/mpeg";
    EXPECT_EQ(playback.download_name().extension, "mp3");
    playback.source.media_type = "application/x-unknown";
    EXPECT_EQ(playback.download_name().extension, "");
    playback.source.file_name = "C:\\films\\";
    EXPECT_EQ(playback.download_name().name, "A/B");
    playback.source.file_name = "C:\\films\\clip.avi";
    EXPECT_EQ(playback.download_name().name, "clip.avi");
    EXPECT_EQ(playback.download_name().extension, "");
    playback.source = {};
    EXPECT_EQ(playback.download_name().extension, "");
}

}  // namespace
}  // namespace clinikk::testing
