#include "db/schema_version.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace clinikk::db {
namespace {

/// Empty when the schema is served.
std::string refusal(std::int64_t version, std::vector<std::string> const& oldest, std::string_view program) {
    try {
        refuse_unless_served("it", version, 2, oldest, program);
    } catch (SchemaMismatch const& mismatch) {
        return mismatch.what();
    }
    return "";
}

TEST(SchemaVersion, WhatIsNotNewerIsServed) {
    EXPECT_EQ(refusal(0, {}, "0.1.0"), "");
    EXPECT_EQ(refusal(2, {}, "0.1.0"), "");
}

TEST(SchemaVersion, WhatIsNewerIsServedFromTheOldestProgramOn) {
    EXPECT_EQ(refusal(3, {"0.1.0"}, "0.1.0"), "");
    EXPECT_EQ(refusal(4, {"0.1.0", "0.9.9"}, "0.10.0"), "");
    EXPECT_EQ(refusal(4, {"1.2.3", "0.1.0"}, "1.2.3-rc.1"), "");
    EXPECT_EQ(refusal(4, {"0.1.0", "1.2.3"}, "1.2.2"),
              "it has schema version 4, which is newer than this program's 2 and needs program version 1.2.3 or newer, "
              "and this is 1.2.2: start a newer version of the program");
    EXPECT_NE(refusal(4, {"1.2.3", "0.1.0"}, "0.1.0"), "") << "each of the steps counts";
}

TEST(SchemaVersion, WhatDoesNotTellIsRefused) {
    for (auto const& oldest : {std::vector<std::string>{},
                               {""},
                               {"x"},
                               {"1"},
                               {"1.2"},
                               {"1.2.3.4"},
                               {"-1.0.0"},
                               {"99999999999.0.0"},
                               {"0.1.0", "0.1"}}) {
        EXPECT_EQ(
            refusal(3, oldest, "9.9.9"),
            "it has schema version 3, which is newer than this program's 2: start a newer version of the program");
    }
}

TEST(SchemaVersion, WhatIsOlderMustBeMigrated) {
    EXPECT_NO_THROW(refuse_older("it", 2, 2));
    EXPECT_NO_THROW(refuse_older("it", 3, 2));
    EXPECT_THROW(refuse_older("it", 1, 2), SchemaMismatch);
}

}  // namespace
}  // namespace clinikk::db
