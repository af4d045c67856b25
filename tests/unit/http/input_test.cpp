#include "http/input.hpp"

#include <gtest/gtest.h>

namespace clinikk::http {
namespace {

using Kind = InputField::Kind;

Kind kind_of_member(std::string const& value) {
    auto const members = read_json_object("{\"before\":1,\"m\":" + value + ",\"after\":[{\"x\":2}]}");
    if (!members) {
        ADD_FAILURE() << value;
        return Kind::null;
    }
    // Whatever stands there, its neighbours are read as they are.
    EXPECT_EQ(members->size(), 3U) << value;
    EXPECT_EQ(members->front().text, "1");
    EXPECT_EQ(members->back().kind, Kind::list);
    EXPECT_EQ(members->back().items.at(0).at(0).text, "2");
    return (*members)[1].kind;
}

TEST(JsonObject, ReadsListsOfObjects) {
    auto const members =
        read_json_object(R"({"parts":[{"number":1,"etag":"\"a\""},{},{"number":1,"number":2,"z":[3]}]})");
    ASSERT_TRUE(members);
    ASSERT_EQ(members->size(), 1U);
    auto const& parts = members->front();
    EXPECT_EQ(parts.kind, Kind::list);
    ASSERT_EQ(parts.items.size(), 3U);
    ASSERT_EQ(parts.items[0].size(), 2U);
    EXPECT_EQ(parts.items[0][0].name, "number");
    EXPECT_EQ(parts.items[0][0].kind, Kind::integer);
    EXPECT_EQ(parts.items[0][1].text, "\"a\"");
    EXPECT_TRUE(parts.items[1].empty());
    ASSERT_EQ(parts.items[2].size(), 3U) << "duplicates are seen";
    EXPECT_EQ(parts.items[2][2].kind, Kind::structure);
}

TEST(JsonObject, TellsListsFromOtherStructures) {
    for (auto const* const list : {"[]", "[{}]", "[{\"a\":1},{\"a\":{\"b\":[{\"c\":1}]}}]"}) {
        EXPECT_EQ(kind_of_member(list), Kind::list) << list;
    }
    for (auto const* const other :
         {"{}", "{\"a\":[{\"b\":1}]}", "[1]", "[\"x\"]", "[null]", "[true]", "[1.5]", "[[]]", "[[{\"a\":1}]]",
          "[{\"a\":1},2]", "[2,{\"a\":1}]", "[{\"a\":1},[{\"a\":1}]]", "[[{\"a\":1}],{\"a\":1}]"}) {
        EXPECT_EQ(kind_of_member(other), Kind::structure) << other;
    }
    std::string many = "[{";
    for (int i = 0; i < 16; ++i) many += "\"m" + std::to_string(i) + "\":1,";
    EXPECT_EQ(kind_of_member(many + "\"last\":1}]"), Kind::structure) << "an item has at most 16 members";
    many.back() = '}';
    EXPECT_EQ(kind_of_member(many + "]"), Kind::list);
}

}  // namespace
}  // namespace clinikk::http
