#include "service/upload_core.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "unit/service/resumable_upload_world.hpp"

namespace clinikk {
namespace {

using namespace testing;

TEST(UploadCoreTest, FewObjectsAreReadAtATime) {
    constexpr int objects = 20;
    constexpr int at_once = 8;
    World world;
    auto const owner = world.add_caller("ada");
    Process process(world, FakeStorage::Kind::disk);
    world.add_content(FakeStorage::Kind::disk, std::string(film));
    auto const key = world.tables().objects.begin()->second.key;
    Upload upload;
    upload.id = new_uuid();
    upload.owner_id = owner.user.id;
    upload.holder = "process";
    upload.created_at = world.clock.now();
    upload.lease_until = upload.created_at + upload_lease_length;
    upload.expires_at = upload.lease_until;
    world.change([&](Tables& tables) { tables.uploads.emplace(upload.id, upload); });

    int begun = 0;
    int done = 0;
    int most = 0;
    process.calls.yields = true;
    process.calls.before = [&](int, std::string_view name) {
        if (name == "store.body") most = std::max(most, ++begun - done);
    };
    auto const read = [&](UploadLease const& lease) -> Task<bool> {
        auto const bytes = co_await process.core.read(process.disk, key, film.size(), lease);
        ++done;
        co_return bytes && bytes->stored.sha256 == Sha256::of(film);
    };
    auto const run = [&]() -> Task<> {
        auto const executor = co_await boost::asio::this_coro::executor;
        UploadLease const lease(executor, world.clock, process.work.repositories().uploads(), upload, world.log);
        std::vector<std::shared_ptr<Beside<bool>>> readers;
        while (readers.size() < objects) readers.push_back(co_await Beside<bool>::start(read(lease)));
        for (int turn = 0; done < objects && turn < 1000; ++turn) {
            co_await world.clock.advance(std::chrono::milliseconds(1));
        }
        for (auto const& reader : readers) EXPECT_EQ(reader->outcome, true);
    };
    run_task(run());
    EXPECT_EQ(done, objects);
    EXPECT_EQ(most, at_once);
}

}  // namespace
}  // namespace clinikk
