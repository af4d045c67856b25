#include "domain/scope.hpp"

#include <gtest/gtest.h>

#include "domain/caller.hpp"

namespace clinikk {
namespace {

TEST(Scopes, ReadWhatTheyWrite) {
    for (auto const* const text : {"content:read", "content:read content:write",
                                   "content:read content:write users:admin", "users:admin audit:read"}) {
        auto const scopes = Scopes::parse(text);
        ASSERT_TRUE(scopes) << text;
        EXPECT_EQ(scopes->to_string(), text);
    }
    EXPECT_EQ(Scopes::parse("users:admin content:read users:admin")->to_string(), "content:read users:admin");
}

TEST(Scopes, OtherTextIsNoList) {
    for (auto const* const text : {"", " ", "content", "content:read ", " content:read", "content:read  content:write",
                                   "Content:read", "content:read,content:write", "*", "content:read\n"}) {
        EXPECT_FALSE(Scopes::parse(text)) << '"' << text << '"';
    }
}

TEST(Credential, ASessionMayEverythingAndAKeyWhatItsScopesSay) {
    auto const session = Credential::session(new_uuid());
    auto const key = Credential::api_key(new_uuid(), *Scopes::parse("content:write"));
    EXPECT_TRUE(session.permits({}));
    EXPECT_FALSE(key.permits({})) << "an operation that states no scope is not open to keys";
    for (auto const scope : all_scopes) {
        EXPECT_TRUE(session.permits(scope));
        EXPECT_EQ(key.permits(scope), scope == Scope::content_write);
    }
}

}  // namespace
}  // namespace clinikk
