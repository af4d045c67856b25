#include "base/error.hpp"

#include <gtest/gtest.h>

namespace clinikk {
namespace {

TEST(ErrorCatalogue, DescribesEachCodeByItsOwnRow) {
    constexpr auto count = static_cast<int>(ErrorCode::insufficient_storage) + 1;
    for (int i = 0; i < count; ++i) {
        auto const code = static_cast<ErrorCode>(i);
        auto const& kind = describe(code);
        EXPECT_EQ(kind.code, code);
        EXPECT_EQ(find_error_kind(kind.name), &kind) << kind.name;
        EXPECT_TRUE(kind.status >= 400 && kind.status < 600) << kind.name;
        EXPECT_FALSE(kind.title.empty() || kind.sentence.empty()) << kind.name;
    }
}

TEST(ErrorCatalogue, FindsNothingUnderAnyOtherName) {
    for (auto const* const name : {"", "internal ", "Internal", "no_such_code"}) {
        EXPECT_EQ(find_error_kind(name), nullptr) << name;
    }
}

TEST(ErrorCatalogue, HasTheRowsThatItsGroupsName) {
    EXPECT_EQ(describe(ErrorCode::email_taken).name, "email_taken");
    EXPECT_EQ(describe(ErrorCode::method_not_allowed).status, 405);
    EXPECT_EQ(describe(ErrorCode::parts_mismatch).status, 422);
    EXPECT_EQ(describe(ErrorCode::insufficient_storage).status, 507);
}

}  // namespace
}  // namespace clinikk
