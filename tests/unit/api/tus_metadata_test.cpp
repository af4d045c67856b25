#include "api/tus_metadata.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace clinikk::api {
namespace {

using Pairs = std::vector<std::pair<std::string_view, std::string>>;

Result<TusDescription> read(Pairs const& fields) {
    std::vector<http::TusMetadataPair> pairs;
    for (auto const& [key, value] : fields) pairs.push_back({key, value});
    return read_tus_description(pairs);
}

std::vector<std::string> pointers(Pairs const& fields) {
    auto const outcome = read(fields);
    std::vector<std::string> found;
    if (outcome) return found;
    EXPECT_EQ(outcome.error().code, ErrorCode::validation_failed);
    for (auto const& error : outcome.error().errors) found.push_back(error.pointer);
    std::ranges::sort(found);
    return found;
}

using Pointers = std::vector<std::string>;

TEST(TusDescription, HasTheMembersOfAContentUnderTheirNames) {
    auto const read_all = read({{"title", "A title"},
                                {"description", "Two\nlines"},
                                {"content_type", "audio"},
                                {"duration", "77"},
                                {"thumbnail_url", "https://example.com/a.jpg"},
                                {"language", "de-at"},
                                {"visibility", "unlisted"},
                                {"filename", "C:\\clips\\a.wav"},
                                {"replaces", "01890000-0000-7000-8000-000000000000"},
                                {"unknown", std::string("\0\xff", 2)}});
    ASSERT_TRUE(read_all) << read_all.error().detail;
    auto const& description = read_all->description;
    EXPECT_EQ(description.title, "A title");
    EXPECT_EQ(description.description, "Two\nlines");
    EXPECT_EQ(description.content_type, ContentKind::audio);
    EXPECT_EQ(description.duration, 77);
    EXPECT_EQ(description.thumbnail_url, "https://example.com/a.jpg");
    EXPECT_EQ(description.language, "de-AT");
    EXPECT_EQ(description.visibility, Visibility::unlisted);
    EXPECT_EQ(description.file_name, "C:\\clips\\a.wav");
    EXPECT_EQ(description.disposition, "inline; filename=\"a.wav\"");
    EXPECT_EQ(read_all->replaces->to_string(), "01890000-0000-7000-8000-000000000000");
}

TEST(TusDescription, TakesTitleAndKindFromTheFile) {
    auto const guessed =
        read({{"filename", "/home/me/run.mp4"}, {"name", "other"}, {"filetype", "Video/MP4; codecs=x"}});
    ASSERT_TRUE(guessed) << guessed.error().detail;
    EXPECT_EQ(guessed->description.title, "run.mp4");
    EXPECT_EQ(guessed->description.content_type, ContentKind::video);
    EXPECT_EQ(guessed->description.description, "");
    EXPECT_FALSE(guessed->replaces);
    auto const by_name = read({{"filename", ""}, {"name", "song"}, {"filetype", "audio/mpeg"}});
    ASSERT_TRUE(by_name) << by_name.error().detail;
    EXPECT_EQ(by_name->description.title, "song");
    EXPECT_EQ(by_name->description.file_name, "song");
    EXPECT_EQ(by_name->description.content_type, ContentKind::audio);
}

TEST(TusDescription, PrefersWhatIsSaid) {
    auto const said =
        read({{"title", "Said"}, {"content_type", "video"}, {"filename", "a.wav"}, {"filetype", "audio/wav"}});
    ASSERT_TRUE(said);
    EXPECT_EQ(said->description.title, "Said");
    EXPECT_EQ(said->description.content_type, ContentKind::video);
    EXPECT_EQ(pointers({{"title", ""}, {"content_type", ""}, {"filename", "a.wav"}, {"filetype", "audio/wav"}}),
              (Pointers{"#/content_type", "#/title"}));
}

TEST(TusDescription, NamesTheKeysThatAreWrong) {
    EXPECT_EQ(pointers({}), (Pointers{"#/content_type", "#/title"}));
    EXPECT_EQ(pointers({{"filename", "a.pdf"}, {"filetype", "application/pdf"}}), (Pointers{"#/content_type"}));
    EXPECT_EQ(pointers({{"filename", "a.pdf"}, {"filetype", "video"}}), (Pointers{"#/content_type"}));
    Pairs const right{{"title", "A"}, {"content_type", "audio"}};
    auto const with = [&](std::string_view key, std::string value) {
        auto fields = right;
        fields.emplace_back(key, std::move(value));
        return pointers(fields);
    };
    EXPECT_EQ(with("description", std::string(5001, 'x')), (Pointers{"#/description"}));
    EXPECT_EQ(with("description", "\xff"), (Pointers{"#/description"}));
    EXPECT_EQ(with("filename", std::string(256, 'x')), (Pointers{"#/filename"}));
    EXPECT_EQ(with("filename", "a\nb"), (Pointers{"#/filename"}));
    EXPECT_EQ(with("name", std::string("a\0b", 3)), (Pointers{"#/name"}));
    EXPECT_EQ(with("replaces", "x"), (Pointers{"#/replaces"}));
    EXPECT_EQ(with("duration", "-1"), (Pointers{"#/duration"}));
}

}  // namespace
}  // namespace clinikk::api
