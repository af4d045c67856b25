#include "domain/media_format.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace clinikk {
namespace {

TEST(MediaFormat, HasOneRowForEachNaming) {
    std::set<std::string> names;
    for (auto const& format : media_format::all) {
        EXPECT_FALSE(format.extension.empty());
        EXPECT_TRUE(format.media_type.starts_with("video/") || format.media_type.starts_with("audio/"));
        EXPECT_TRUE(names.insert(std::string(format.extension) + " " + std::string(format.media_type)).second);
    }
}

TEST(MediaFormat, IsClaimedByTheExtension) {
    for (auto const& format : media_format::all) {
        auto const claimed = claimed_format("video/0190b5f0." + std::string(format.extension));
        EXPECT_EQ(claimed.extension, format.extension);
        if (format != media_format::webm_audio) EXPECT_EQ(claimed, format);
    }
    EXPECT_EQ(claimed_format("A.Movie.MP4"), media_format::mp4);
    EXPECT_EQ(claimed_format("a.m4v"), media_format::mp4);
    EXPECT_EQ(claimed_format("a.oga"), media_format::ogg);
    for (auto const* name : {"", "mp4", ".", "a.", "a.exe", "a.mp4.part", "a.mp"}) {
        EXPECT_EQ(claimed_format(name), media_format::unknown) << name;
    }
}

TEST(MediaFormat, NamesFilesOfAMediaType) {
    for (auto const& format : media_format::all) {
        if (format != media_format::opus) EXPECT_EQ(extension_of(format.media_type), format.extension);
    }
    EXPECT_EQ(extension_of("audio/ogg"), "ogg");
    for (auto const* type : {"", "video", "video/", "application/octet-stream", "text/html"}) {
        EXPECT_EQ(extension_of(type), "") << type;
    }
}

}  // namespace
}  // namespace clinikk
