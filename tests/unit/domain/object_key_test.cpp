#include "domain/object_key.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace clinikk {
namespace {

constexpr char const* id = "0190b5f0-0000-7000-8000-0123456789ab";

TEST(ObjectKey, HasAFolderAnIdAndAnExtension) {
    for (std::string const folder : {"video/", "audio/", "index/", "objects/", "a/", "sixteenlettersab/"}) {
        for (std::string const extension : {".m", ".mp4", ".12345", ".webm"}) {
            auto const key = folder + id + extension;
            EXPECT_TRUE(is_object_key(key)) << key;
            EXPECT_EQ(id_of_object_key(key), Uuid::from_string(id)) << key;
            EXPECT_NO_THROW(require_object_key(key));
        }
    }
}

TEST(ObjectKey, NeedsNoExtensionInTheFolderOfObjects) {
    auto const key = std::string("objects/") + id;
    EXPECT_TRUE(is_object_key(key));
    EXPECT_EQ(id_of_object_key(key), Uuid::from_string(id));
    EXPECT_NO_THROW(require_object_key(key));
    for (std::string const folder : {"video/", "audio/", "index/", "object/", "objectss/", "Objects/"}) {
        EXPECT_FALSE(is_object_key(folder + id)) << folder;
    }
}

TEST(ObjectKey, IsNothingElse) {
    std::string const good = std::string("objects/") + id;
    for (auto const& key : {
             std::string(),
             std::string("objects/"),
             std::string(id),
             "/" + good,
             "../" + good,
             good + ".",
             good + "/",
             good + "/a",
             good + "a",
             good + ".123456",
             good + ".MP4",
             good + ".m/4",
             good + "..p4",
             good + ".mp4 ",
             good + std::string(1, '\0'),
             good.substr(0, good.size() - 1),
             std::string("objects/0190B5F0-0000-7000-8000-0123456789AB"),
             std::string("objects/0190b5f000007000800000123456789ab"),
             std::string("seventeenlettersa/") + id + ".mp4",
             std::string("vid3o/") + id + ".mp4",
         }) {
        EXPECT_FALSE(is_object_key(key)) << key;
        EXPECT_EQ(id_of_object_key(key), Uuid{}) << key;
        EXPECT_THROW(require_object_key(key), std::invalid_argument) << key;
    }
}

}  // namespace
}  // namespace clinikk
