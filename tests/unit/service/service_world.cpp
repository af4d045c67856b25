#include "unit/service/service_world.hpp"

#include <algorithm>

#include "domain/object_key.hpp"

namespace clinikk::testing {
namespace {

ObjectStore& chosen(FakeStorage::Kind kind, FakeObjectStore& disk, FakeObjectStore& bucket) {
    return kind == FakeStorage::Kind::disk ? disk : bucket;
}

ObjectStore& other(FakeStorage::Kind kind, FakeObjectStore& disk, FakeObjectStore& bucket) {
    return kind == FakeStorage::Kind::disk ? bucket : disk;
}

void ignore(std::string_view, std::string_view) {}

}  // namespace

Caller World::add_caller(std::string const& name, Role role) {
    User user;
    user.id = new_uuid();
    user.email = user.email_key = name;
    user.password_hash = "new:secret";
    user.role = role;
    user.created_at = clock.now();
    Session const session{new_uuid(), user.id, clock.now(), clock.now() + std::chrono::hours(24 * 365)};
    change([&](Tables& tables) {
        tables.users.emplace(user.id, user);
        tables.sessions.emplace(session.id, Tables::Login{session});
    });
    return {std::move(user), Credential::session(session.id), clock.now()};
}

Content World::add_content(FakeStorage::Kind kind, std::string bytes) {
    bool const on_disk = kind == FakeStorage::Kind::disk;
    Object object;
    object.id = new_uuid();
    object.store = on_disk ? "local" : "s3";
    object.bucket = on_disk ? "" : "media";
    object.key = "video/" + object.id.to_string() + ".mp4";
    object.size = bytes.size();
    object.sha256 = Sha256::of(bytes);
    object.media_type = "video/mp4";
    object.created_at = clock.now();
    Content content;
    content.id = new_uuid();
    content.visibility = Visibility::public_;
    content.title = "A title";
    content.created_at = clock.now();
    content.updated_at = clock.now();
    storage(object.store).objects[object.key] = {std::move(bytes), clock.now(), {}};
    change([&](Tables& tables) {
        tables.objects.emplace(object.id, object);
        tables.contents.emplace(content.id, content);
        tables.content_objects.emplace(std::pair(content.id, ObjectRole::source), object.id);
    });
    return content;
}

void World::forget_facts() {
    change([](Tables& tables) {
        for (auto& [id, object] : tables.objects) object.size = {}, object.sha256 = {}, object.media_type = {};
    });
}

void World::expect_nothing_lost() {
    auto const now = tables();
    for (auto const& [id, content] : now.contents) {
        auto const link = now.content_objects.find({id, ObjectRole::source});
        ASSERT_NE(link, now.content_objects.end()) << "a content without an object";
        auto const& object = now.objects.at(link->second);
        EXPECT_EQ(object.state, ObjectState::stored);
        auto const& stored = storage(object.store).objects;
        auto const place = stored.find(object.key);
        ASSERT_NE(place, stored.end()) << "the bytes of " << object.key << " are not in " << object.store;
        if (object.sha256) EXPECT_EQ(Sha256::of(place->second.bytes), *object.sha256) << object.key;
        auto const index = now.content_objects.find({id, ObjectRole::index});
        if (index == now.content_objects.end()) continue;
        auto const& packaged = now.objects.at(index->second);
        EXPECT_EQ(packaged.state, ObjectState::stored);
        EXPECT_TRUE(storage(packaged.store).objects.contains(packaged.key)) << packaged.key << " is lost";
    }
    for (auto const& [id, bytes] : bucket.uncommitted) {
        EXPECT_TRUE(now.uploads.contains(Uuid::from_string(id).value())) << "no row tells of the parts of " << id;
    }
    for (auto const& [id, upload] : bucket.direct) {
        EXPECT_TRUE(now.uploads.contains(id_of_object_key(upload.label.key))) << "no row tells of " << upload.label.key;
    }
}

void World::expect_nothing_left() {
    clock.jump(direct_upload_life + collector_grace + std::chrono::minutes(2));
    Process process(*this, FakeStorage::Kind::disk, "collector");
    auto const first = process.collect();
    auto const strays = process.collect_strays();
    EXPECT_EQ(first.failures + strays.failures, 0U);
    auto const now = tables();
    EXPECT_TRUE(now.uploads.empty());
    for (auto* const storage : {&disk, &bucket}) {
        EXPECT_TRUE(storage->uncommitted.empty());
        EXPECT_TRUE(storage->direct.empty());
        EXPECT_TRUE(storage->appended.empty());
        std::string const name = storage->kind == FakeStorage::Kind::disk ? "local" : "s3";
        for (auto const& [key, stored] : storage->objects) {
            auto const has_it = [&](auto const& row) { return row.second.store == name && row.second.key == key; };
            EXPECT_TRUE(std::ranges::any_of(now.objects, has_it)) << key << " in " << name << " is nobody's";
        }
    }
    for (auto const& [id, object] : now.objects) EXPECT_EQ(object.state, ObjectState::stored) << object.key;
    expect_nothing_lost();
}

Process::Process(World& world_in, FakeStorage::Kind kind, std::string const& holder, UploadLimits const& limits_in)
    : world(world_in),
      stores(chosen(kind, disk, bucket), {&other(kind, disk, bucket)}),
      core(work, stores, inspector, world.clock, limits_in, holder, world.log),
      uploads(core, work, stores, world.clock, world.log),
      direct_uploads(core, work, stores, world.clock, {direct_upload_life, std::chrono::minutes(15)}, world.log),
      resumable_uploads(core, work, stores, world.clock, signals, direct_upload_life, world.log),
      collector(work, stores, world.clock, collector_grace, holder, world.log),
      mover(work, stores, world.clock, holder, world.log),
      backfiller(work, stores, inspector, world.clock, holder, world.log) {}

Collection Process::collect() { return run_task(collector.collect(false, ignore)); }

Collection Process::collect_strays() { return run_task(collector.collect_strays(false, ignore)); }

}  // namespace clinikk::testing
