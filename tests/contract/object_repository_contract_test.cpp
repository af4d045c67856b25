#include <algorithm>

#include "contract/database_contract.hpp"

namespace clinikk::testing {
namespace {

class ObjectTableContract : public DatabaseContract {
protected:
    std::vector<Object> list(ObjectState state) { return run(repositories().objects().list(state, Uuid{}, 100)); }
};
INSTANTIATE_TEST_SUITE_P(Databases, ObjectTableContract, ::testing::ValuesIn(all_databases()));

TEST_P(ObjectTableContract, AllMembersComeBack) {
    Object const object{.id = new_uuid(),
                        .store = "s3",
                        .bucket = "media",
                        .key = "audio/1.mp3",
                        .size = 5'000'000'000'000,
                        .sha256 = Sha256::of("x"),
                        .media_type = "audio/mpeg",
                        .state = ObjectState::deleting,
                        .created_at = Timestamp(std::chrono::microseconds(1'700'000'000'000'001))};
    run(repositories().objects().insert(object));
    EXPECT_TRUE(list(ObjectState::stored).empty());
    auto const found = list(ObjectState::deleting);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].id, object.id);
    EXPECT_EQ(found[0].store, object.store);
    EXPECT_EQ(found[0].bucket, object.bucket);
    EXPECT_EQ(found[0].key, object.key);
    EXPECT_EQ(found[0].size, object.size);
    EXPECT_EQ(found[0].sha256, object.sha256);
    EXPECT_EQ(found[0].media_type, object.media_type);
    EXPECT_EQ(found[0].state, object.state);
    EXPECT_EQ(found[0].created_at, object.created_at);
    auto const again = run(repositories().objects().find(object.id));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->key, object.key);
    EXPECT_FALSE(run(repositories().objects().find(new_uuid())));
}

TEST_P(ObjectTableContract, ListsById) {
    std::vector<Uuid> ids;
    for (int i = 0; i < 7; ++i) ids.push_back(add_object().id);
    std::ranges::sort(ids);
    std::vector<Uuid> walked;
    Uuid after;
    for (;;) {
        auto const page = run(repositories().objects().list(ObjectState::stored, after, 3));
        if (page.empty()) break;
        EXPECT_LE(page.size(), 3U);
        for (auto const& object : page) walked.push_back(object.id);
        after = page.back().id;
    }
    EXPECT_EQ(walked, ids);
}

TEST_P(ObjectTableContract, ReleaseMarksAndUnlinks) {
    auto const content = add_content();
    auto const other = add_content();
    auto const object = add_object();
    auto const others = add_object();
    link(content.id, object.id);
    link(other.id, others.id);

    auto const released = run(repositories().objects().release(content.id));
    ASSERT_EQ(released.size(), 1U);
    EXPECT_EQ(released[0].id, object.id);
    EXPECT_EQ(released[0].key, object.key);
    EXPECT_EQ(released[0].state, ObjectState::deleting);

    EXPECT_FALSE(run(repositories().contents().find_source(content.id)));
    EXPECT_TRUE(run(repositories().contents().find_source(other.id)));
    ASSERT_EQ(list(ObjectState::deleting).size(), 1U);
    EXPECT_EQ(list(ObjectState::deleting)[0].id, object.id);
    EXPECT_TRUE(run(repositories().contents().remove(content.id))) << "nothing is linked to it any more";
    EXPECT_TRUE(run(repositories().objects().release(content.id)).empty());
}

TEST_P(ObjectTableContract, ReleaseKeepsWhatAnotherContentUses) {
    auto const first = add_content();
    auto const second = add_content();
    auto const shared = add_object();
    link(first.id, shared.id);
    link(second.id, shared.id);

    EXPECT_TRUE(run(repositories().objects().release(first.id)).empty());
    EXPECT_FALSE(run(repositories().contents().find_source(first.id)));
    EXPECT_TRUE(run(repositories().contents().find_source(second.id)));
    EXPECT_EQ(run(repositories().objects().release(second.id)).size(), 1U);
    EXPECT_EQ(list(ObjectState::deleting).size(), 1U);
}

TEST_P(ObjectTableContract, ReleaseOfNothingIsEmpty) {
    EXPECT_TRUE(run(repositories().objects().release(new_uuid())).empty());
    EXPECT_TRUE(run(repositories().objects().release(add_content().id)).empty());
}

TEST_P(ObjectTableContract, AContentHasOneSource) {
    auto const content = add_content();
    link(content.id, add_object().id);
    EXPECT_THROW(link(content.id, add_object().id), db::UnexpectedViolation);
}

TEST_P(ObjectTableContract, LinksNeedBothEnds) {
    auto const content = add_content();
    auto const object = add_object();
    EXPECT_THROW(link(content.id, new_uuid()), db::UnexpectedViolation);
    EXPECT_THROW(link(new_uuid(), object.id), db::UnexpectedViolation);
}

TEST_P(ObjectTableContract, RowsOfLinkedObjectsCannotBeRemoved) {
    auto const content = add_content();
    auto const object = add_object();
    link(content.id, object.id);
    EXPECT_THROW(run(repositories().objects().remove(object.id)), db::UnexpectedViolation);
    run(repositories().objects().release(content.id));
    run(repositories().objects().remove(object.id));
    EXPECT_TRUE(list(ObjectState::deleting).empty());
    run(repositories().objects().remove(object.id));
}

TEST_P(ObjectTableContract, KnowsItsKeys) {
    auto const object = add_object();
    EXPECT_TRUE(run(repositories().objects().has_key("local", object.key)));
    EXPECT_FALSE(run(repositories().objects().has_key("s3", object.key)));
    EXPECT_FALSE(run(repositories().objects().has_key("local", object.key + "x")));
    EXPECT_FALSE(run(repositories().objects().has_key("local", "")));
}

TEST_P(ObjectTableContract, AnObjectMovesToAnotherStoreOnce) {
    auto const content = add_content();
    auto const other = add_content();
    auto const object = add_object();
    link(content.id, object.id);
    link(other.id, add_object().id);
    Object moved = object;
    moved.store = "s3";
    moved.bucket = "media";
    EXPECT_TRUE(run(repositories().objects().relocate("local", moved)));
    EXPECT_FALSE(run(repositories().objects().relocate("local", moved))) << "it is there no more";
    EXPECT_TRUE(run(repositories().objects().has_key("s3", object.key)));
    EXPECT_EQ(run(repositories().contents().find_source(content.id))->store, "s3");

    run(repositories().contents().set_storage_url(object.id, "https://media.example.org/x"));
    EXPECT_EQ(run(repositories().contents().find(content.id))->storage_url, "https://media.example.org/x");
    EXPECT_NE(run(repositories().contents().find(other.id))->storage_url, "https://media.example.org/x");
    run(repositories().contents().set_storage_url(object.id, std::nullopt));
    EXPECT_FALSE(run(repositories().contents().find(content.id))->storage_url);

    run(repositories().objects().release(content.id));
    EXPECT_FALSE(run(repositories().objects().relocate("s3", object))) << "it is being deleted";
}

TEST_P(ObjectTableContract, KeysAreUniqueInAStore) {
    Object object = add_object();
    object.id = new_uuid();
    EXPECT_THROW(run(repositories().objects().insert(object)), db::UnexpectedViolation);
    object.store = "s3";
    run(repositories().objects().insert(object));
}

TEST_P(ObjectTableContract, SumsTheBytesOfAnOwner) {
    auto const owner = add_user("a@example.org");
    auto const other = add_user("b@example.org");
    EXPECT_EQ(run(repositories().objects().bytes_of_owner(owner)), 0U);
    auto const first = add_content(at(0), ContentKind::video, owner);
    auto const second = add_content(at(0), ContentKind::audio, owner);
    auto const third = add_content(at(0), ContentKind::audio, owner);
    auto const others = add_content(at(0), ContentKind::audio, other);
    auto const shared = add_object(4'000'000'000);
    link(first.id, shared.id);
    link(second.id, shared.id);
    link(third.id, add_object(20).id);
    link(others.id, add_object(300).id);
    EXPECT_EQ(run(repositories().objects().bytes_of_owner(owner)), 4'000'000'020U) << "a shared object counts once";
    EXPECT_EQ(run(repositories().objects().bytes_of_owner(other)), 300U);
    EXPECT_EQ(run(repositories().objects().bytes_of_owner(new_uuid())), 0U);
}

TEST_P(ObjectTableContract, ListsWhatWasNotReadUntilItsFactsAreSet) {
    add_object();
    std::vector<Object> unread;
    for (int i = 0; i < 3; ++i) {
        Object object;
        object.id = new_uuid();
        object.store = "local";
        object.key = "video/" + object.id.to_string() + ".mp4";
        object.created_at = at(0);
        run(repositories().objects().insert(object));
        unread.push_back(object);
    }
    std::ranges::sort(unread, {}, &Object::id);
    auto const first = run(repositories().objects().list_unexamined(packaging_index_format.media_type, Uuid{}, 2));
    ASSERT_EQ(first.size(), 2U);
    EXPECT_EQ(first[0].id, unread[0].id);
    EXPECT_EQ(first[1].id, unread[1].id);
    EXPECT_EQ(run(repositories().objects().list_unexamined(packaging_index_format.media_type, unread[1].id, 2)).size(),
              1U);

    run(repositories().objects().set_facts(unread[0].id, 7, Sha256::of("bytes"), "video/mp4"));
    run(repositories().objects().set_facts(unread[1].id, 8, Sha256::of("others"), std::nullopt));
    run(repositories().objects().set_facts(new_uuid(), 9, Sha256::of("nobody"), "video/mp4"));
    auto const read = run(repositories().objects().find(unread[0].id)).value();
    EXPECT_EQ(read.size, 7U);
    EXPECT_EQ(read.sha256, Sha256::of("bytes"));
    EXPECT_EQ(read.media_type, "video/mp4");
    auto const left = run(repositories().objects().list_unexamined(packaging_index_format.media_type, Uuid{}, 10));
    ASSERT_EQ(left.size(), 2U) << "what was read and not understood is listed again";
    EXPECT_EQ(left[0].size, 8U);
}

/// A content of that source, as a program before packaging or a failed attempt leaves it.
TEST_P(ObjectTableContract, ListsSourcesUntilTheyArePackaged) {
    auto const add = [&](std::string media_type) {
        auto object = add_object();
        object.id = new_uuid();
        object.key = "index/" + object.id.to_string() + ".idx";
        object.media_type = std::move(media_type);
        run(repositories().objects().insert(object));
        return object.id;
    };
    auto const source = add_object();
    auto const first = add_content();
    auto const second = add_content();
    link(first.id, source.id);
    link(second.id, source.id);
    auto const listed = [&] {
        auto const found = run(repositories().objects().list_unexamined("index; version=2", Uuid{}, 10));
        return std::ranges::any_of(found, [&](Object const& object) { return object.id == source.id; });
    };
    auto const decide = [&](std::optional<PackagingVerdict> verdict) {
        SourceFacts facts{1, Sha256::of("x"), MediaFacts{"video/mp4", "mp4"}, std::move(verdict)};
        run(repositories().contents().set_source_facts(source.id, facts));
    };
    EXPECT_TRUE(listed()) << "nobody has tried";
    decide(PackagingVerdict{Packaging::needs_rendition, "A reason."});
    EXPECT_FALSE(listed());
    decide(PackagingVerdict{Packaging::ready, {}});
    EXPECT_TRUE(listed()) << "its index is missing";
    auto const old_index = add("index; version=1");
    EXPECT_EQ(run(repositories().objects().set_index(source.id, old_index)), 2U);
    EXPECT_TRUE(listed()) << "its index is of another version";
    auto const index = add("index; version=2");
    EXPECT_EQ(run(repositories().objects().set_index(source.id, index)), 2U);
    EXPECT_FALSE(listed());
    EXPECT_EQ(run(repositories().objects().find(old_index)).value().state, ObjectState::deleting);
    for (auto const& content : {first, second}) {
        auto const packaged = run(repositories().contents().find_packaged(content.id)).value();
        EXPECT_EQ(packaged.index_id, index);
        EXPECT_EQ(packaged.packaging, Packaging::ready);
        EXPECT_EQ(packaged.key, source.key);
        EXPECT_EQ(packaged.title, content.title);
    }
    EXPECT_EQ(run(repositories().objects().set_index(source.id, std::nullopt)), 0U);
    EXPECT_EQ(run(repositories().objects().find(index)).value().state, ObjectState::deleting);
    EXPECT_FALSE(run(repositories().contents().find_packaged(first.id)).value().index_id);
    EXPECT_EQ(run(repositories().objects().set_index(new_uuid(), index)), 0U) << "a source that nobody has";
}

TEST_P(ObjectTableContract, AnIndexGoesWithTheLastContentOfItsSource) {
    auto const source = add_object();
    auto const index = add_object();
    auto const first = add_content();
    auto const second = add_content();
    link(first.id, source.id);
    link(second.id, source.id);
    run(repositories().objects().set_index(source.id, index.id));
    EXPECT_TRUE(run(repositories().objects().release(first.id)).empty());
    EXPECT_EQ(run(repositories().objects().release(second.id)).size(), 2U);
    EXPECT_EQ(list(ObjectState::deleting).size(), 2U);
}

}  // namespace
}  // namespace clinikk::testing
