#include <algorithm>

#include "contract/database_contract.hpp"

namespace clinikk::testing {
namespace {

class ContentStoreContract : public DatabaseContract {
protected:
    std::vector<Uuid> list_ids(ContentQuery const& query) {
        std::vector<Uuid> ids;
        for (auto const& content : run(repositories().contents().list(query))) ids.push_back(content.id);
        return ids;
    }
};
INSTANTIATE_TEST_SUITE_P(Databases, ContentStoreContract, ::testing::ValuesIn(all_databases()));

/// With every member set, to another value each.
Content make_full(Uuid owner) {
    Content content;
    content.id = new_uuid();
    content.visibility = Visibility::members;
    content.title = "Breathing";
    content.description = "In and out";
    content.content_type = ContentKind::audio;
    content.duration = 61;
    content.thumbnail_url = "https://example.org/thumb.jpg";
    content.language = "pt-BR";
    content.duration_ms = 61'250;
    content.storage_url = "https://bucket.example.org/audio/1.mp3";
    content.media_type = "audio/mpeg";
    content.size = 9'000'000'000;
    content.sha256 = Sha256::of("bytes");
    content.width = 1920;
    content.height = 1080;
    content.video_codec = "h264";
    content.audio_codec = "mp3";
    content.bit_rate = 128'000;
    content.truncated = true;
    content.file_name = "b\xc3\xbc\"cher.mp3";
    content.owner_id = owner;
    content.status = ContentStatus::errored;
    content.created_at = Timestamp(std::chrono::microseconds(1'700'000'000'123'456));
    content.updated_at = Timestamp(std::chrono::microseconds(1'700'000'001'654'321));
    return content;
}

void expect_equal(Content const& left, Content const& right) {
    for_each_member<Content>(
        [&](auto member) { EXPECT_EQ(left.*member.pointer, right.*member.pointer) << member.name; });
}

TEST_P(ContentStoreContract, AllMembersComeBack) {
    Content const content = make_full(add_user("owner@example.org"));
    run(repositories().contents().insert(content));
    expect_equal(run(repositories().contents().find(content.id)).value(), content);
    ContentQuery const query{.audience = Audience::admin};
    auto const listed = run(repositories().contents().list(query));
    ASSERT_EQ(listed.size(), 1U);
    expect_equal(listed[0], content);
}

TEST_P(ContentStoreContract, AbsentMembersStayAbsent) {
    Content content;
    content.id = new_uuid();
    content.visibility = Visibility::public_;
    content.status = ContentStatus::preparing;
    content.created_at = at(1);
    content.updated_at = at(2);
    run(repositories().contents().insert(content));
    expect_equal(run(repositories().contents().find(content.id)).value(), content);
}

TEST_P(ContentStoreContract, UnknownOnesAreNotThere) {
    add_content();
    EXPECT_FALSE(run(repositories().contents().find(new_uuid())));
    auto const changes = ContentChanges().set(&ContentDescription::title, "x");
    EXPECT_FALSE(run(repositories().contents().update(new_uuid(), changes, at(1))));
    EXPECT_FALSE(run(repositories().contents().remove(new_uuid())));
    EXPECT_FALSE(run(repositories().contents().find_source(new_uuid())));
}

TEST_P(ContentStoreContract, RemovedOnesAreGone) {
    auto const content = add_content();
    auto const kept = add_content();
    EXPECT_TRUE(run(repositories().contents().remove(content.id)));
    EXPECT_FALSE(run(repositories().contents().remove(content.id)));
    EXPECT_FALSE(run(repositories().contents().find(content.id)));
    EXPECT_TRUE(run(repositories().contents().find(kept.id)));
}

TEST_P(ContentStoreContract, UpdateChangesWhatIsGivenAndNothingElse) {
    Content content = make_full(add_user("owner@example.org"));
    run(repositories().contents().insert(content));
    auto const other = add_content();

    ContentChanges const nothing;
    content.updated_at = at(50);
    expect_equal(run(repositories().contents().update(content.id, nothing, at(50))).value(), content);

    auto const only_title = ContentChanges().set(&ContentDescription::title, "Another");
    content.title = "Another";
    content.updated_at = at(60);
    expect_equal(run(repositories().contents().update(content.id, only_title, at(60))).value(), content);
    expect_equal(run(repositories().contents().find(content.id)).value(), content);

    auto const everything = ContentChanges()
                                .set(&ContentDescription::title, "T")
                                .set(&ContentDescription::description, "")
                                .set(&ContentDescription::content_type, ContentKind::video)
                                .set(&ContentDescription::duration, 0)
                                .set(&ContentDescription::thumbnail_url, "https://example.org/other.jpg")
                                .set(&ContentDescription::language, "en");
    content.title = "T";
    content.description = "";
    content.content_type = ContentKind::video;
    content.duration = 0;
    content.thumbnail_url = "https://example.org/other.jpg";
    content.language = "en";
    content.updated_at = at(70);
    expect_equal(run(repositories().contents().update(content.id, everything, at(70))).value(), content);
    expect_equal(run(repositories().contents().find(content.id)).value(), content);

    expect_equal(run(repositories().contents().find(other.id)).value(), other);
}

TEST_P(ContentStoreContract, WhatReadingASourceHasToldIsSetInAllItsContents) {
    auto const content = add_content();
    auto const other = add_content();
    auto const object = add_object();
    link(content.id, object.id);
    MediaFacts media;
    media.media_type = "video/webm";
    media.duration_ms = 1'600;
    media.width = 64;
    media.height = 48;
    media.video_codec = "vp8";
    media.audio_codec = "opus";
    media.bit_rate = 77'000;
    media.truncated = true;
    SourceFacts const facts{4'711, Sha256::of("bytes"), media};
    run(repositories().contents().set_source_facts(object.id, facts));
    auto const found = run(repositories().contents().find(content.id)).value();
    EXPECT_EQ(found.size, 4'711);
    EXPECT_EQ(found.sha256, Sha256::of("bytes"));
    EXPECT_EQ(found.media_type, "video/webm");
    EXPECT_EQ(found.duration_ms, 1'600);
    EXPECT_EQ(found.duration, 2);
    EXPECT_EQ(found.width, 64);
    EXPECT_EQ(found.height, 48);
    EXPECT_EQ(found.video_codec, "vp8");
    EXPECT_EQ(found.audio_codec, "opus");
    EXPECT_EQ(found.bit_rate, 77'000);
    EXPECT_TRUE(found.truncated);
    expect_equal(run(repositories().contents().find(other.id)).value(), other);

    // Read again, and not understood this time.
    SourceFacts const unknown{4'711, Sha256::of("bytes"), {}};
    run(repositories().contents().set_source_facts(object.id, unknown));
    EXPECT_FALSE(run(repositories().contents().find(content.id))->truncated);
}

/// An MP3 of a minute and a half.
NewSource make_new_source(Timestamp at) {
    MediaFacts media;
    media.media_type = "audio/mpeg";
    media.duration_ms = 89'500;
    media.audio_codec = "mp3";
    PackagingVerdict const verdict{Packaging::needs_rendition, "MP3"};
    return {{4'711, Sha256::of("other bytes"), media, verdict}, "https://example.org/b.mp3", "b.mp3", at};
}

TEST_P(ContentStoreContract, ANewSourceChangesWhatItTellsAndNothingElse) {
    auto content = make_full(add_user("owner@example.org"));
    run(repositories().contents().insert(content));
    auto const other = add_content();
    auto const source = make_new_source(at(9));
    auto const changed = run(repositories().contents().replace_source(content.id, source)).value();
    static_cast<SourceMembers&>(content) = source_members(source.facts);
    content.duration = 90;  // that of the old media was 61 s, as the editor did not say otherwise
    content.storage_url = source.storage_url;
    content.file_name = source.file_name;
    content.status = ContentStatus::ready;
    content.updated_at = source.at;
    expect_equal(changed, content);
    expect_equal(run(repositories().contents().find(content.id)).value(), content);
    expect_equal(run(repositories().contents().find(other.id)).value(), other);

    auto nowhere = source;
    nowhere.storage_url.reset();
    nowhere.file_name.reset();
    auto const bare = run(repositories().contents().replace_source(content.id, nowhere)).value();
    EXPECT_FALSE(bare.storage_url);
    EXPECT_FALSE(bare.file_name);
    EXPECT_FALSE(run(repositories().contents().replace_source(new_uuid(), source)));
}

TEST_P(ContentStoreContract, ANewSourceKeepsADurationThatAnEditorGave) {
    struct Case {
        std::optional<std::int64_t> duration;
        std::optional<std::int64_t> duration_ms;
        std::int64_t after;
    };
    for (auto const& [duration, duration_ms, after] :
         {Case{{}, {}, 90}, Case{{}, 61'250, 90}, Case{61, {}, 61}, Case{61, 61'250, 90}, Case{61, 60'500, 90},
          Case{61, 61'499, 90}, Case{61, 60'499, 61}, Case{61, 61'500, 61}, Case{0, 499, 90}, Case{7, 61'250, 7}}) {
        auto content = make_full(add_user(new_uuid().to_string()));
        content.duration = duration;
        content.duration_ms = duration_ms;
        run(repositories().contents().insert(content));
        auto const changed = run(repositories().contents().replace_source(content.id, make_new_source(at(9)))).value();
        EXPECT_EQ(changed.duration, after) << duration.value_or(-1) << ' ' << duration_ms.value_or(-1);
    }
}

TEST_P(ContentStoreContract, IsFoundByItsSource) {
    auto const object = add_object();
    EXPECT_FALSE(run(repositories().contents().find_by_source(object.id)));
    auto const first = add_content();
    auto const second = add_content();
    run(repositories().objects().link(first.id, ObjectRole::index, object.id));
    EXPECT_FALSE(run(repositories().contents().find_by_source(object.id))) << "its index is no source";
    link(second.id, object.id);
    expect_equal(run(repositories().contents().find_by_source(object.id)).value(), second);
    link(first.id, add_object(2).id);
    EXPECT_FALSE(run(repositories().contents().find_by_source(first.id)));
}

TEST_P(ContentStoreContract, UpdateSetsWhatWasAbsent) {
    auto const content = add_content();
    auto const changes = ContentChanges()
                             .set(&ContentDescription::duration, 5)
                             .set(&ContentDescription::thumbnail_url, "https://example.org/a.jpg");
    auto const updated = run(repositories().contents().update(content.id, changes, at(1))).value();
    EXPECT_EQ(updated.duration, 5);
    EXPECT_EQ(updated.thumbnail_url, "https://example.org/a.jpg");
}

TEST_P(ContentStoreContract, UpdateClearsWhatIsSetToNothing) {
    Content content = make_full(add_user("owner@example.org"));
    run(repositories().contents().insert(content));
    auto const changes = ContentChanges()
                             .set(&ContentDescription::duration, std::nullopt)
                             .set(&ContentDescription::thumbnail_url, std::nullopt)
                             .set(&ContentDescription::language, std::nullopt);
    content.duration.reset();
    content.thumbnail_url.reset();
    content.language.reset();
    content.updated_at = at(50);
    expect_equal(run(repositories().contents().update(content.id, changes, at(50))).value(), content);
    expect_equal(run(repositories().contents().find(content.id)).value(), content);
}

/// 30 contents, ten at each of three moments, two of three videos; sorted oldest first.
class ContentListContract : public ContentStoreContract {
protected:
    void SetUp() override {
        reader_.id = add_user("reader@example.org");
        auto const other = add_user("other@example.org");
        constexpr std::array visibilities{Visibility::public_, Visibility::public_, Visibility::members,
                                          Visibility::unlisted, Visibility::private_};
        for (std::size_t i = 0; i < 60; ++i) {
            Content content =
                add_content(at(static_cast<int>(i % 3)), i % 7 < 3 ? ContentKind::audio : ContentKind::video,
                            i % 2 == 0 ? reader_.id : other);
            auto const visibility = visibilities.at(i % visibilities.size());
            ContentChanges changes;
            changes.set(&ContentDescription::visibility, visibility);
            contents_.push_back(run(repositories().contents().update(content.id, changes, at(5))).value());
        }
        std::ranges::sort(contents_, {}, [](Content const& c) { return std::pair(c.created_at, c.id); });
    }

    std::vector<Uuid> expected(ContentQuery const& query) const {
        std::vector<Uuid> ids;
        for (auto const& content : contents_) {
            bool const is_of_kind = !query.kind || content.content_type == *query.kind;
            if (is_of_kind && is_shown(content, query.audience)) ids.push_back(content.id);
        }
        if (query.sort == ContentSort::newest_first) std::ranges::reverse(ids);
        auto const skip = std::min<std::size_t>(static_cast<std::size_t>(query.skip), ids.size());
        ids.erase(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(skip));
        ids.resize(std::min(ids.size(), static_cast<std::size_t>(query.limit)));
        return ids;
    }

    /// What the policy says, told once more by hand.
    bool is_shown(Content const& content, Audience audience) const {
        if (audience == Audience::admin || content.visibility == Visibility::public_) return true;
        if (audience == Audience::everybody) return false;
        return content.visibility == Visibility::members || content.owner_id == reader_.id;
    }

    std::vector<ContentQuery> all_kinds_of_queries() const {
        std::vector<ContentQuery> queries;
        for (auto const audience : {Audience::everybody, Audience::account, Audience::admin}) {
            for (auto const sort : {ContentSort::newest_first, ContentSort::oldest_first}) {
                for (auto const& kind : {std::optional<ContentKind>(), std::optional(ContentKind::audio),
                                         std::optional(ContentKind::video)}) {
                    queries.push_back({.audience = audience, .account = reader_.id, .kind = kind, .sort = sort});
                }
            }
        }
        return queries;
    }

    User reader_{};
    std::vector<Content> contents_;
};
INSTANTIATE_TEST_SUITE_P(Databases, ContentListContract, ::testing::ValuesIn(all_databases()));

TEST_P(ContentListContract, FiltersSortsSkipsAndLimits) {
    for (auto query : all_kinds_of_queries()) {
        for (std::int64_t const skip : {0, 1, 7, 29, 30, 100}) {
            for (std::int64_t const limit : {0, 1, 8, 100}) {
                query.skip = skip;
                query.limit = limit;
                EXPECT_EQ(list_ids(query), expected(query)) << "skip " << skip << " limit " << limit;
            }
        }
    }
}

TEST_P(ContentListContract, CursorsWalkOverEqualTimesWithoutGapOrRepetition) {
    for (auto query : all_kinds_of_queries()) {
        auto const all = expected(query);
        for (std::int64_t const limit : {1, 3, 4, 100}) {
            query.limit = limit;
            query.after.reset();
            std::vector<Uuid> walked;
            for (;;) {
                auto const page = run(repositories().contents().list(query));
                if (page.empty()) break;
                for (auto const& content : page) walked.push_back(content.id);
                query.after = ContentCursor{.created_at = page.back().created_at, .id = page.back().id};
            }
            EXPECT_EQ(walked, all) << "limit " << limit;
        }
    }
}

TEST_P(ContentListContract, CursorsSurviveTheRemovalOfTheirRow) {
    ContentQuery query{.limit = 5};
    auto const page = run(repositories().contents().list(query));
    run(repositories().contents().remove(page.back().id));
    query.after = ContentCursor{.created_at = page.back().created_at, .id = page.back().id};
    auto const next = list_ids(query);
    ContentQuery const skipping{.skip = 5, .limit = 5};
    EXPECT_EQ(next, expected(skipping));
}

TEST_P(ContentListContract, SkipCountsFromTheCursor) {
    ContentQuery query{.limit = 5};
    auto const page = run(repositories().contents().list(query));
    query.after = ContentCursor{.created_at = page.back().created_at, .id = page.back().id};
    query.skip = 2;
    ContentQuery const skipping{.skip = 7, .limit = 5};
    EXPECT_EQ(list_ids(query), expected(skipping));
}

TEST_P(ContentStoreContract, FindsTheSourceOfAContent) {
    Content content = make_full(add_user("owner@example.org"));
    run(repositories().contents().insert(content));
    EXPECT_FALSE(run(repositories().contents().find_source(content.id))) << "no object is linked";
    auto const object = add_object(77);
    auto const other_content = add_content();
    auto const other = add_object(78);
    link(other_content.id, other.id);
    EXPECT_FALSE(run(repositories().contents().find_source(content.id))) << "another content's object";
    link(content.id, object.id);

    auto const source = run(repositories().contents().find_source(content.id)).value();
    EXPECT_EQ(source.store, "local");
    EXPECT_EQ(source.key, object.key);
    EXPECT_EQ(source.size, 77U);
    EXPECT_EQ(source.sha256, object.sha256);
    EXPECT_EQ(source.media_type, "video/mp4");
    EXPECT_EQ(source.file_name, content.file_name);
    EXPECT_EQ(source.title, content.title);
    EXPECT_EQ(source.created_at, object.created_at);
    EXPECT_FALSE(run(repositories().contents().find_source(other_content.id)).value().file_name);
}

TEST_P(ContentStoreContract, AnObjectThatIsBeingDeletedIsNoSource) {
    auto const content = add_content();
    Object object;
    object.id = new_uuid();
    object.store = "local";
    object.key = "video/1.mp4";
    object.media_type = "video/mp4";
    object.state = ObjectState::deleting;
    object.created_at = at(0);
    run(repositories().objects().insert(object));
    link(content.id, object.id);
    EXPECT_FALSE(run(repositories().contents().find_source(content.id)));
}

TEST_P(ContentStoreContract, NeedsItsOwner) {
    EXPECT_THROW(add_content(at(0), ContentKind::video, new_uuid()), db::UnexpectedViolation);
}

TEST_P(ContentStoreContract, IsNotRemovedWhileItsObjectsAreLinked) {
    auto const content = add_content();
    link(content.id, add_object().id);
    EXPECT_THROW((void)run(repositories().contents().remove(content.id)), db::UnexpectedViolation);
    EXPECT_TRUE(run(repositories().contents().find_source(content.id)));
}

TEST_P(ContentStoreContract, TellsTheKindsOfASourceOnce) {
    auto const object = add_object();
    EXPECT_TRUE(run(repositories().contents().kinds_of_source(object.id)).empty());
    for (auto const kind : {ContentKind::audio, ContentKind::video, ContentKind::audio}) {
        link(add_content(at(0), kind).id, object.id);
    }
    std::vector const both{ContentKind::video, ContentKind::audio};
    EXPECT_EQ(run(repositories().contents().kinds_of_source(object.id)), both);
    EXPECT_TRUE(run(repositories().contents().kinds_of_source(new_uuid())).empty());
}

TEST_P(ContentStoreContract, ListsContentsThatHaveOnlyAnAddress) {
    std::vector<Uuid> linked;
    for (int i = 0; i < 5; ++i) {
        Content content;
        content.id = new_uuid();
        content.visibility = Visibility::public_;
        content.storage_url = "https://example.org/" + std::to_string(i);
        content.created_at = at(0);
        content.updated_at = at(0);
        run(repositories().contents().insert(content));
        if (i == 2) {
            link(content.id, add_object().id);
        } else {
            linked.push_back(content.id);
        }
    }
    add_content();
    std::ranges::sort(linked);
    auto const first = run(repositories().contents().list_linked(Uuid{}, 3));
    ASSERT_EQ(first.size(), 3U);
    EXPECT_TRUE(first[0].storage_url.starts_with("https://example.org/"));
    auto const second = run(repositories().contents().list_linked(first[2].id, 3));
    ASSERT_EQ(second.size(), 1U);
    std::vector<Uuid> const walked{first[0].id, first[1].id, first[2].id, second[0].id};
    EXPECT_EQ(walked, linked);
}

TEST_P(ContentStoreContract, GivesContentsAnOwner) {
    auto const ada = add_user("ada@example.org");
    auto const bob = add_user("bob@example.org");
    auto const adas = add_content(at(0), ContentKind::video, ada);
    for (int i = 0; i < 3; ++i) add_content();
    EXPECT_FALSE(run(repositories().contents().set_owner(new_uuid(), bob)));
    EXPECT_THROW((void)run(repositories().contents().set_owner(adas.id, new_uuid())), db::UnexpectedViolation);
    EXPECT_EQ(run(repositories().contents().find(adas.id))->owner_id, ada);
    EXPECT_EQ(run(repositories().contents().set_owner_of_unowned(bob, 2)), 2U);
    EXPECT_EQ(run(repositories().contents().set_owner_of_unowned(bob, 2)), 1U);
    EXPECT_EQ(run(repositories().contents().set_owner_of_unowned(bob, 2)), 0U);
    EXPECT_EQ(run(repositories().contents().find(adas.id))->owner_id, ada);
    EXPECT_TRUE(run(repositories().contents().set_owner(adas.id, bob)));
    for (auto const& content : run(repositories().contents().list({}))) EXPECT_EQ(content.owner_id, bob);
}

}  // namespace
}  // namespace clinikk::testing
