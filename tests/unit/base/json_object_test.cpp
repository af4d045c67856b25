#include "base/json_object.hpp"

#include <gtest/gtest.h>

namespace clinikk {
namespace {

using Kind = JsonMember::Kind;

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

std::string failure_of(std::string_view text, std::size_t max_depth = 32) {
    auto const members = read_json_object(text, max_depth);
    return members ? std::string() : members.error();
}

std::string repeated(std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
}

TEST(JsonObject, RefusesWhatIsNotOneObject) {
    constexpr std::string_view whole = R"({"a":[{"b":"\u00e9"}],"c":-1.5e3,"d":null})";
    EXPECT_EQ(failure_of(whole), "");
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_TRUE(failure_of(whole.substr(0, size)).starts_with("is not valid JSON: ")) << size;
    }
    for (auto const* const other : {"[]", "[{}]", "1", "\"x\"", "null", "true"}) {
        EXPECT_EQ(failure_of(other), "must be a JSON object") << other;
    }
    EXPECT_EQ(failure_of("{} {}"), "has more than one JSON value, from byte 3");
    for (auto const* const broken :
         {"{'a':1}", "{\"a\":1,}", "{a:1}", "{\"a\":01}", "{\"a\":NaN}", "{\"a\":\"\xff\"}"}) {
        EXPECT_TRUE(failure_of(broken).starts_with("is not valid JSON: ")) << broken;
    }
}

TEST(JsonObject, BoundsDepthAndSizes) {
    auto const nested = [](std::size_t levels) {
        return "{\"a\":" + repeated("[", levels - 1) + repeated("]", levels - 1) + "}";
    };
    EXPECT_EQ(failure_of(nested(8), 8), "");
    EXPECT_NE(failure_of(nested(9), 8), "");
    EXPECT_EQ(failure_of(nested(32)), "");
    EXPECT_NE(failure_of(nested(33)), "");
    EXPECT_NE(failure_of("{\"a\":" + repeated("[", 1'000'000)), "");
    EXPECT_NE(failure_of(repeated("{\"a\":", 1'000'000)), "");

    EXPECT_EQ(failure_of("{\"" + std::string(1024, 'n') + "\":1}"), "");
    EXPECT_NE(failure_of("{\"" + std::string(1025, 'n') + "\":1}"), "");
    EXPECT_EQ(failure_of("{" + repeated("\"a\":1,", 999) + "\"a\":1}"), "");
    EXPECT_NE(failure_of("{" + repeated("\"a\":1,", 1000) + "\"a\":1}"), "");
    EXPECT_EQ(failure_of("{\"a\":[" + repeated("1,", 99'999) + "1]}"), "");
    EXPECT_NE(failure_of("{\"a\":[" + repeated("1,", 100'000) + "1]}"), "");
}

TEST(JsonObject, KeepsDuplicatesForTheCallerToRefuse) {
    auto const duplicate_in = [](std::string_view text) { return find_duplicate(*read_json_object(text)); };
    EXPECT_EQ(duplicate_in(R"({"a":1,"b":2})"), std::nullopt);
    EXPECT_EQ(duplicate_in(R"({"a":1,"b":2,"a":1})"), "a");
    EXPECT_EQ(duplicate_in(R"({"a":1,"\u0061":2})"), "a") << "an escape makes no other name";
    EXPECT_EQ(duplicate_in(R"({"a":1,"A":2})"), std::nullopt);
}

TEST(JsonObject, ReadsNumbersAsTheirKinds) {
    auto const members = read_json_object(
        R"({"a":9223372036854775807,"b":18446744073709551615,"c":1.0,"d":1.5,"e":1e300,"f":-0,"g":1e3})");
    ASSERT_TRUE(members);
    EXPECT_EQ((*members)[0].text, "9223372036854775807");
    EXPECT_EQ((*members)[1].text, "18446744073709551615");
    EXPECT_EQ((*members)[2].text, "1");
    EXPECT_EQ((*members)[3].kind, Kind::number);
    EXPECT_EQ((*members)[4].kind, Kind::number);
    EXPECT_EQ((*members)[5].text, "0");
    EXPECT_EQ((*members)[6].text, "1000");
}

}  // namespace
}  // namespace clinikk
