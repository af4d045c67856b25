#include "db/enum_text.hpp"

#include <gtest/gtest.h>

#include "domain/content.hpp"
#include "domain/object.hpp"
#include "domain/upload.hpp"
#include "domain/user.hpp"

namespace clinikk::db {
namespace {

template <DescribedEnum Enum>
void expect_both_ways() {
    for_each_enumerator<Enum>([](Enum value, std::string_view text) {
        EXPECT_EQ(enum_to_text(value), text);
        EXPECT_EQ(enum_from_text<Enum>(text), value);
        for (char const c : text) EXPECT_TRUE((c >= 'a' && c <= 'z') || c == '_') << text;
        EXPECT_FALSE(text.ends_with('_')) << text;
    });
    EXPECT_THROW(enum_from_text<Enum>("no such text"), std::runtime_error);
    EXPECT_THROW(enum_from_text<Enum>(""), std::runtime_error);
    EXPECT_THROW(enum_to_text(static_cast<Enum>(99)), std::logic_error);
}

TEST(EnumText, EveryEnumGoesBothWays) {
    expect_both_ways<Role>();
    expect_both_ways<ContentKind>();
    expect_both_ways<Visibility>();
    EXPECT_EQ(enum_to_text(Visibility::public_), "public") << "the name without what C++ needs";
    expect_both_ways<ContentStatus>();
    expect_both_ways<ObjectState>();
    expect_both_ways<ObjectRole>();
    expect_both_ways<UploadMethod>();
    expect_both_ways<UploadState>();
}

}  // namespace
}  // namespace clinikk::db
