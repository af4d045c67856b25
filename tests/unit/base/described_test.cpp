#include "base/described.hpp"

#include <boost/describe/class.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "domain/changes.hpp"

namespace clinikk {
namespace {

struct Base {
    std::string name;
};
BOOST_DESCRIBE_STRUCT(Base, (), (name))

struct Derived : Base {
    int count = 0;
    std::unique_ptr<int> owned;
};
BOOST_DESCRIBE_STRUCT(Derived, (Base), (count, owned))

struct Other {
    long count = 0;
    std::string extra;
};
BOOST_DESCRIBE_STRUCT(Other, (), (count, extra))

struct Target {
    std::string extra;
    std::unique_ptr<int> owned;
    int count = 0;
    std::string name;
};
BOOST_DESCRIBE_STRUCT(Target, (), (extra, owned, count, name))

TEST(Described, InheritedMembersComeFirst) {
    std::string names;
    for_each_member<Derived>([&](auto member) { names += std::string(member.name) + ' '; });
    EXPECT_EQ(names, "name count owned ");
    EXPECT_EQ(member_count<Derived>, 3U);
}

TEST(Described, MembersAreTakenByNameFromTheFirstSourceThatHasThem) {
    Derived derived;
    derived.name = "n";
    derived.count = 7;
    derived.owned = std::make_unique<int>(5);
    Other const other{3, "e"};
    auto const target = from_members<Target>(std::move(derived), other);
    EXPECT_EQ(target.name, "n");
    EXPECT_EQ(target.count, 7);
    EXPECT_EQ(*target.owned, 5);
    EXPECT_EQ(target.extra, "e");
}

TEST(Changes, TellWhatIsSet) {
    auto const changes = Changes<Other>().set(&Other::extra, "x");
    EXPECT_EQ(changes.find(&Other::count), nullptr);
    ASSERT_NE(changes.find(&Other::extra), nullptr);
    EXPECT_EQ(*changes.find(&Other::extra), "x");
    EXPECT_FALSE(changes.is_set(0));
    EXPECT_TRUE(changes.is_set(1));
}

}  // namespace
}  // namespace clinikk
