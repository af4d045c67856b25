#include "base/json.hpp"

#include <gtest/gtest.h>

namespace clinikk {
namespace {

using Kind = JsonValue::Kind;

TEST(Json, ReadsTheWholeTree) {
    auto const read =
        read_json(R"({"parts":[{"number":1,"etag":"\"a\""},{},[],[[true]]],"a":{"b":{"c":null}},"z":""})");
    ASSERT_TRUE(read);
    ASSERT_EQ(read->kind, Kind::object);
    ASSERT_EQ(read->members.size(), 3U);
    auto const& parts = *read->find("parts");
    ASSERT_EQ(parts.kind, Kind::array);
    ASSERT_EQ(parts.items.size(), 4U);
    EXPECT_EQ(parts.items[0].find("number")->kind, Kind::integer);
    EXPECT_EQ(*parts.items[0].find_text("etag"), "\"a\"");
    EXPECT_EQ(parts.items[1].kind, Kind::object);
    EXPECT_TRUE(parts.items[1].members.empty());
    EXPECT_EQ(parts.items[2].kind, Kind::array);
    EXPECT_EQ(parts.items[3].items.at(0).items.at(0).text, "true");
    EXPECT_EQ(read->find("a")->find("b")->find("c")->kind, Kind::null);
    EXPECT_EQ(*read->find_text("z"), "");
    EXPECT_EQ(read->find("b"), nullptr);
    EXPECT_EQ(read->find_text("a"), nullptr) << "not a text";
}

TEST(Json, ReadsScalarsAsDocuments) {
    EXPECT_EQ(read_json("null")->kind, Kind::null);
    EXPECT_EQ(read_json(" true ")->text, "true");
    EXPECT_EQ(read_json("\"a\\u00e9\"")->text, "a\u00e9");
    EXPECT_EQ(read_json("[]")->kind, Kind::array);
}

std::string failure_of(std::string_view text, std::size_t max_depth = 32) {
    auto const members = read_json(text, max_depth);
    return members ? std::string() : members.error();
}

std::string repeated(std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
}

TEST(Json, RefusesWhatIsNotOneValue) {
    constexpr std::string_view whole = R"({"a":[{"b":"\u00e9"}],"c":-1.5e3,"d":null})";
    EXPECT_EQ(failure_of(whole), "");
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_TRUE(failure_of(whole.substr(0, size)).starts_with("is not valid JSON: ")) << size;
    }
    EXPECT_EQ(failure_of("{} {}"), "has more than one JSON value, from byte 3");
    for (auto const* const broken :
         {"{'a':1}", "{\"a\":1,}", "{a:1}", "{\"a\":01}", "{\"a\":NaN}", "{\"a\":\"\xff\"}"}) {
        EXPECT_TRUE(failure_of(broken).starts_with("is not valid JSON: ")) << broken;
    }
}

TEST(Json, BoundsDepthAndSizes) {
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
    EXPECT_EQ(failure_of("{\"a\":[" + repeated("1,", 99'997) + "1]}"), "");
    EXPECT_NE(failure_of("{\"a\":[" + repeated("1,", 100'000) + "1]}"), "");
    // Each array is small; together they have too many values.
    EXPECT_NE(failure_of("[" + repeated("[[],[],[]],", 25'000) + "1]"), "");
}

TEST(Json, KeepsDuplicatesForTheCallerToRefuse) {
    auto const duplicate_in = [](std::string_view text) -> std::optional<std::string> {
        auto const read = read_json(text);
        auto const name = find_duplicate(read->members);
        return name ? std::optional<std::string>(*name) : std::nullopt;
    };
    EXPECT_EQ(duplicate_in(R"({"a":1,"b":2})"), std::nullopt);
    EXPECT_EQ(duplicate_in(R"({"a":1,"b":2,"a":1})"), "a");
    EXPECT_EQ(duplicate_in(R"({"a":1,"\u0061":2})"), "a") << "an escape makes no other name";
    EXPECT_EQ(duplicate_in(R"({"a":1,"A":2})"), std::nullopt);
}

TEST(Json, ReadsNumbersAsTheirKinds) {
    auto const read =
        read_json(R"({"a":9223372036854775807,"b":18446744073709551615,"c":1.0,"d":1.5,"e":1e300,"f":-0,"g":1e3})");
    ASSERT_TRUE(read);
    auto const text = [&](std::string_view name) { return read->find(name)->text; };
    EXPECT_EQ(text("a"), "9223372036854775807");
    EXPECT_EQ(text("b"), "18446744073709551615");
    EXPECT_EQ(text("c"), "1");
    EXPECT_EQ(read->find("d")->kind, Kind::number);
    EXPECT_EQ(text("d"), "1.5");
    EXPECT_EQ(read->find("e")->kind, Kind::number);
    EXPECT_EQ(text("e"), "1e300");
    EXPECT_EQ(text("f"), "0");
    EXPECT_EQ(text("g"), "1000");
}

}  // namespace
}  // namespace clinikk
