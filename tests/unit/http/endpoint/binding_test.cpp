#include "http/endpoint/binding.hpp"

#include <gtest/gtest.h>

#include <array>

#include "http/endpoint/request_schema.hpp"

namespace clinikk::http {
namespace {

/// One to three digits.
class Small {
public:
    static boost::system::result<Small, std::string> parse(std::string_view text) {
        bool const digits = text.find_first_not_of("0123456789") == text.npos;
        if (text.empty() || text.size() > 3 || !digits) return std::string("must be a number up to 999");
        return Small(std::stoi(std::string(text)));
    }
    static ValueSchema schema() { return {.type = ValueSchema::Type::integer, .maximum = 999}; }
    int value() const noexcept { return value_; }

private:
    explicit Small(int value) : value_(value) {}
    int value_;
};

struct Described {
    std::string_view description;
    std::string_view example;
};
constexpr Described any{"Anything", "x"};

struct FromHead {
    Header<Small> upload_offset;
    Header<std::optional<FieldText<any>>> range;
    Cookie<std::optional<Small>> visits;
};
BOOST_DESCRIBE_STRUCT(FromHead, (), (upload_offset, range, visits))

Result<FromHead> bind_fields(std::vector<Field> fields) {
    RequestHead head;
    head.fields = std::move(fields);
    Input input;
    input.head = &head;
    return bind<FromHead>(input);
}

void expect_error(Result<FromHead> const& bound, std::string_view detail, std::string_view pointer) {
    ASSERT_FALSE(bound);
    EXPECT_EQ(bound.error().code, ErrorCode::validation_failed);
    ASSERT_EQ(bound.error().errors.size(), 1U) << bound.error().detail;
    EXPECT_EQ(bound.error().errors[0].detail, detail);
    EXPECT_EQ(bound.error().errors[0].pointer, pointer);
}

TEST(BindHeader, FindsTheFieldOfTheMembersNameWhateverItsCase) {
    auto const bound = bind_fields({{"uPLOAD-offset", "12"}, {"Range", "bytes=0-"}, {"Cookie", "a=b; visits=7"}});
    ASSERT_TRUE(bound);
    EXPECT_EQ(bound->upload_offset->value(), 12);
    EXPECT_EQ(bound->range->value(), "bytes=0-");
    EXPECT_EQ(bound->visits->value(), 7);
}

TEST(BindHeader, SaysWhichFieldIsMissingMalformedOrRepeated) {
    constexpr std::string_view pointer = "#/Upload-Offset";
    expect_error(bind_fields({}), "The header field Upload-Offset is required", pointer);
    constexpr std::string_view malformed = "The header field Upload-Offset must be a number up to 999";
    for (auto const value : {"", "x", "1000", "-1", "1, 2"}) {
        expect_error(bind_fields({{"Upload-Offset", value}}), malformed, pointer);
    }
    expect_error(bind_fields({{"Upload-Offset", std::string_view("999999999999999999999999")}}), malformed, pointer);
    expect_error(bind_fields({{"Upload-Offset", "1"}, {"upload-offset", "1"}}),
                 "The header field Upload-Offset is given more than once", pointer);
    expect_error(bind_fields({{"Upload_Offset", "1"}}), "The header field Upload-Offset is required", pointer);
}

TEST(BindHeader, ARepeatedFieldThatCountsOnceIsAbsent) {
    auto const bound = bind_fields({{"Upload-Offset", "1"}, {"Range", "a"}, {"Range", "b"}});
    ASSERT_TRUE(bound);
    EXPECT_FALSE(bound->range);
    EXPECT_FALSE(bound->visits);
}

TEST(BindCookie, SaysWhichCookieIsWrong) {
    auto const with = [](std::vector<Field> cookies) {
        cookies.push_back({"Upload-Offset", "1"});
        return bind_fields(std::move(cookies));
    };
    expect_error(with({{"Cookie", "visits=many"}}), "The cookie visits must be a number up to 999", "#/visits");
    expect_error(with({{"Cookie", "visits=1; visits=2"}}), "The cookie visits is given more than once", "#/visits");
    expect_error(with({{"Cookie", "visits=1"}, {"cookie", "visits=1"}}), "The cookie visits is given more than once",
                 "#/visits");
    for (auto const cookies : {"", ";", "=", "visits", "Visits=1", "xvisits=1; ;;", "a=visits=1"}) {
        auto const bound = with({{"Cookie", cookies}});
        ASSERT_TRUE(bound) << cookies;
        EXPECT_FALSE(bound->visits) << cookies;
    }
    EXPECT_EQ((*with({{"Cookie", " a=b ;visits = 3;"}})).visits->value(), 3);
}

struct Size {
    static constexpr std::string_view schema_name = "Size";
    FormField<Small> width;
    FormField<std::optional<Small>> height;
};
BOOST_DESCRIBE_STRUCT(Size, (), (width, height))

struct Frame {
    static constexpr std::string_view schema_name = "Frame";
    FormField<ObjectOf<Size>> size;
    FormField<std::optional<ListOf<Size, 1, 2>>> crops;
};
BOOST_DESCRIBE_STRUCT(Frame, (), (size, crops))

struct Picture {
    FormField<ObjectOf<Frame>> frame;
    FormField<std::optional<ObjectOf<Size>>> cover;
};
BOOST_DESCRIBE_STRUCT(Picture, (), (frame, cover))

Result<Picture> bind_json(std::string_view text) {
    Input input{.body = read_json(text)->members, .json_body = true};
    return bind<Picture>(input);
}

/// The errors as `pointer detail`, one a line.
std::string errors_of(std::string_view text) {
    auto const bound = bind_json(text);
    std::string lines;
    if (bound) return lines;
    for (auto const& error : bound.error().errors) lines += error.pointer + ' ' + error.detail + '\n';
    return lines;
}

TEST(BindObject, FillsObjectsInsideObjects) {
    auto const bound = bind_json(R"({"frame":{"size":{"width":4},"crops":[{"width":1,"height":2}]},"cover":null})");
    ASSERT_TRUE(bound);
    EXPECT_EQ(bound->frame->value.size->value.width->value(), 4);
    EXPECT_FALSE(bound->frame->value.size->value.height);
    EXPECT_EQ(bound->frame->value.crops->items.at(0).height->value(), 2);
    EXPECT_FALSE(bound->cover);
}

TEST(BindObject, SaysWhereInsideSomethingIsWrong) {
    EXPECT_EQ(errors_of("{}"), "#/frame frame is required\n");
    EXPECT_EQ(errors_of(R"({"frame":[]})"), "#/frame frame must be an object\n");
    EXPECT_EQ(errors_of(R"({"frame":{"size":{"width":"4"}}})"),
              "#/frame/size/width frame.size.width must be a whole number\n");
    EXPECT_EQ(errors_of(R"({"frame":{"size":{"width":1,"width":1}}})"),
              "#/frame/size/width frame.size.width is given more than once\n");
    EXPECT_EQ(errors_of(R"({"frame":{"size":{"width":1},"a/b":1}})"), "#/frame/a~1b frame.a/b is not known here\n");
    EXPECT_EQ(errors_of(R"({"frame":{"size":{"width":1},"crops":[{"width":1},{"width":1000}]}})"),
              "#/frame/crops/1/width frame.crops[1].width must be a number up to 999\n");
    EXPECT_EQ(errors_of(R"({"frame":{"size":{"width":1},"crops":[]}})"),
              "#/frame/crops frame.crops must have 1 to 2 items\n");
    EXPECT_EQ(errors_of(R"({"frame":{"size":{"width":1},"crops":[{"width":1},2]}})"),
              "#/frame/crops frame.crops must be a list of objects\n");
    EXPECT_EQ(errors_of(R"({"frame":{"size":{"width":1}},"cover":{}})"), "#/cover/width cover.width is required\n");
}

TEST(BindObject, RefusesAFormThatHasTextInItsPlace) {
    Input input{.body = {text_field("frame", "{}")}};
    auto const bound = bind<Picture>(input);
    ASSERT_FALSE(bound);
    EXPECT_EQ(bound.error().errors.at(0).detail, "frame must be an object");
}

TEST(DescribeRequest, DescribesObjectsInsideObjects) {
    OperationSchema schema;
    describe_request<Picture>(schema);
    ASSERT_EQ(schema.body.size(), 2U);
    EXPECT_EQ(schema.body[0].schema.name, "Frame");
    EXPECT_EQ(schema.body[0].schema.members.at(0).schema.name, "Size");
    EXPECT_EQ(schema.body[0].schema.members.at(1).schema.kind, Schema::Kind::array);
    EXPECT_TRUE(schema.body[0].required);
    EXPECT_FALSE(schema.body[1].required);
    EXPECT_TRUE(schema.body[1].schema.nullable);
}

TEST(DescribeRequest, ListsHeaderFieldsAndCookies) {
    OperationSchema schema;
    describe_request<FromHead>(schema);
    ASSERT_EQ(schema.parameters.size(), 3U);
    EXPECT_EQ(schema.parameters[0].place, ParameterPlace::header);
    EXPECT_EQ(schema.parameters[0].member.name, "Upload-Offset");
    EXPECT_TRUE(schema.parameters[0].member.required);
    EXPECT_EQ(schema.parameters[1].member.name, "Range");
    EXPECT_FALSE(schema.parameters[1].member.required);
    EXPECT_EQ(schema.parameters[2].place, ParameterPlace::cookie);
    EXPECT_EQ(schema.parameters[2].member.name, "visits");
}

struct Thing {
    FormField<Small> size;
    FormField<Small> weight;
    FormField<std::optional<Small>> age;
};
BOOST_DESCRIBE_STRUCT(Thing, (), (size, weight, age))

struct ThingInQuery : QueryFields<Thing> {
    static constexpr std::array<std::string_view, 1> derived{"weight"};
};

struct SentThing {
    ThingInQuery thing;
    Query<std::optional<Small>> limit;
};
BOOST_DESCRIBE_STRUCT(SentThing, (), (thing, limit))

TEST(BindQuery, TakesTheMembersOfAResourceFromTheQueryAndFromElsewhere) {
    Input const input{.query = {text_field("size", "3"), text_field("age", ""), text_field("limit", "5")}};
    auto const bound = bind<SentThing>(input);
    ASSERT_TRUE(bound);
    auto thing = bound->thing;
    EXPECT_TRUE(thing.has("size"));
    EXPECT_FALSE(thing.has("weight"));
    thing.add("weight", "7");
    auto const made = bind_query(thing);
    ASSERT_TRUE(made);
    EXPECT_EQ(made->size->value(), 3);
    EXPECT_EQ(made->weight->value(), 7);
    EXPECT_FALSE(made->age) << "an empty text was not filled in";
}

TEST(BindQuery, CollectsWhatIsWrong) {
    Input const input{.query = {text_field("size", "x"), text_field("age", "y"), text_field("age", "1")}};
    auto const bound = bind<SentThing>(input);
    ASSERT_TRUE(bound) << "the handler binds them";
    auto const made = bind_query(bound->thing);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::validation_failed);
    EXPECT_EQ(made.error().errors.size(), 4U) << "size, weight, age twice";
}

TEST(BindQuery, IsDescribedAsParametersOfWhichThoseThatFollowFromOthersAreNotRequired) {
    OperationSchema schema;
    describe_request<SentThing>(schema);
    ASSERT_EQ(schema.parameters.size(), 4U);
    EXPECT_TRUE(schema.body.empty());
    for (auto const& [place, member] : schema.parameters) {
        EXPECT_EQ(place, ParameterPlace::query);
        EXPECT_EQ(member.required, member.name == "size") << member.name;
        EXPECT_FALSE(member.schema.nullable) << member.name;
    }
}

}  // namespace
}  // namespace clinikk::http
