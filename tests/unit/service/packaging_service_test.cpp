#include "service/packaging_service.hpp"

#include "base/encoding.hpp"
#include "unit/service/service_world.hpp"

namespace clinikk {
namespace {

using namespace testing;

constexpr auto disk = FakeStorage::Kind::disk;

/// Knows an index by its bytes.
class KnownMedia final : public PackagedMedia {
public:
    explicit KnownMedia(std::string const& index) : digest_(to_hex(Sha256::of(index))) {}
    std::string const& digest() const noexcept override { return digest_; }
    std::size_t memory() const noexcept override { return 100; }
    bool has_video() const noexcept override { return true; }
    Result<std::string> master_playlist() const override { return std::string("master"); }
    Result<std::string> media_playlist(std::uint32_t) const override { return Error(ErrorCode::not_found); }
    Result<std::string> key_frame_playlist(std::uint32_t) const override { return Error(ErrorCode::not_found); }
    std::string dash_manifest() const override { return {}; }
    Result<PackagedBytes> segment(std::uint32_t, SegmentName) const override { return Error(ErrorCode::not_found); }
    Result<std::string_view> segment_type(std::uint32_t) const override { return Error(ErrorCode::not_found); }
    RearrangedFile const* fast_start() const noexcept override { return nullptr; }

private:
    std::string digest_;
};

class KnowingReader final : public PackagingReader {
public:
    Result<std::shared_ptr<PackagedMedia const>> read(std::string index) override {
        ++reads;
        if (!index.starts_with("index of ")) return Error(ErrorCode::internal, "no index (expected here)");
        return std::shared_ptr<PackagedMedia const>(std::make_shared<KnownMedia>(index));
    }

    int reads = 0;
};

class PackagingServiceTest : public ::testing::Test {
protected:
    PackagingServiceTest() {
        content = world.add_content(disk);
        run_task(process.backfiller.run([](auto...) {}, [](auto const&) {}));
    }

    Result<PackagedPlayback> find(User const* viewer = nullptr) { return run_task(service.find(viewer, content.id)); }
    ErrorCode error(User const* viewer = nullptr) { return find(viewer).error().code; }

    void change(std::function<void(Content&)> const& work) {
        world.change([&](Tables& tables) { work(tables.contents.at(content.id)); });
    }

    std::string& index_bytes() {
        for (auto& [key, stored] : world.disk.objects) {
            if (key.starts_with("index/")) return stored.bytes;
        }
        throw std::logic_error("no index");
    }

    World world;
    Process process{world, disk};
    KnowingReader reader;
    PackagingService service{process.work, process.stores, reader, {}, world.log};
    Content content;
};

TEST_F(PackagingServiceTest, FindsTheIndexAndReadsItOnce) {
    auto const first = find();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->playback.version(), to_hex(Sha256::of("video bytes")));
    EXPECT_EQ(first->media->master_playlist().value(), "master");
    EXPECT_TRUE(find());
    EXPECT_EQ(reader.reads, 1);
}

TEST_F(PackagingServiceTest, AsksEachTimeWhetherTheViewerMay) {
    auto const owner = world.add_caller("owner");
    auto const other = world.add_caller("other");
    EXPECT_TRUE(find());
    change([&](Content& row) {
        row.owner_id = owner.user.id;
        row.visibility = Visibility::private_;
    });
    EXPECT_EQ(error(), ErrorCode::content_not_found);
    EXPECT_EQ(error(&other.user), ErrorCode::content_not_found);
    EXPECT_TRUE(find(&owner.user));
}

TEST_F(PackagingServiceTest, FindsNothingOfADeletedContent) {
    auto const admin = world.add_caller("admin", Role::admin);
    EXPECT_TRUE(find());
    ASSERT_TRUE(run_task(process.contents.remove(admin, content.id)));
    EXPECT_EQ(error(), ErrorCode::content_not_found);
    EXPECT_EQ(reader.reads, 1);
}

TEST_F(PackagingServiceTest, SaysWhyAContentIsNotPackaged) {
    change([](Content& row) {
        row.packaging = Packaging::needs_rendition;
        row.packaging_reason = "It has one key frame.";
    });
    auto const found = find();
    EXPECT_EQ(found.error().code, ErrorCode::packaging_unavailable);
    EXPECT_EQ(found.error().detail, "It has one key frame.");
    change([](Content& row) { row.packaging.reset(), row.packaging_reason.reset(); });
    EXPECT_EQ(error(), ErrorCode::packaging_unavailable);
    change([](Content& row) { row.visibility = Visibility::private_; });
    EXPECT_EQ(error(), ErrorCode::content_not_found) << "not even that";
}

TEST_F(PackagingServiceTest, ServesNothingFromALostOrDamagedIndex) {
    auto const whole = index_bytes();
    for (auto const& bytes : {std::string("index of nothing"), std::string("garbage"), std::string()}) {
        index_bytes() = bytes;
        EXPECT_EQ(error(), ErrorCode::source_unavailable) << bytes;
    }
    index_bytes() = whole;
    EXPECT_TRUE(find()) << "a failure is not kept";
}

}  // namespace
}  // namespace clinikk
