// What the document says of several operations with one path and method.
#include "http/endpoint/openapi.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <array>

#include "http/endpoint/openapi_merge.hpp"

namespace clinikk::http {
namespace {

namespace json = boost::json;

struct Nothing {};

struct ThingView {
    static constexpr std::string_view schema_name = "Thing";
    std::string text;
};
BOOST_DESCRIBE_STRUCT(ThingView, (), (text))

struct UploadView {
    static constexpr std::string_view schema_name = "Upload";
    std::string id;
};
BOOST_DESCRIBE_STRUCT(UploadView, (), (id))

constexpr ValueSchema any{.description = "Anything", .example = "x"};
constexpr std::array<std::string_view, 1> offset_type{"application/offset+octet-stream"};
constexpr std::array<std::string_view, 1> any_type{"*/*"};

struct ThingInput {
    Query<std::optional<FieldText<any>>> title;
    FormField<FieldText<any>> text;
};
BOOST_DESCRIBE_STRUCT(ThingInput, (), (title, text))

struct TusInput {
    Header<FieldText<any>> tus_resumable;
    Header<std::optional<FieldText<any>>> upload_length;
    RawBody<offset_type> body;
};
BOOST_DESCRIBE_STRUCT(TusInput, (), (tus_resumable, upload_length, body))

struct FileInput {
    Header<std::optional<FieldText<any>>> upload_length;
    Query<FieldText<any>> title;
    RawBody<any_type> body;
};
BOOST_DESCRIBE_STRUCT(FileInput, (), (upload_length, title, body))

Task<Result<ThingView>> create_thing(Nothing&, Request&, ThingInput) { co_return ThingView{}; }
Task<Result<Response>> create_by_tus(Nothing&, Request&, TusInput) { co_return Response{}; }
Task<Result<UploadView>> create_from_file(Nothing&, Request&, FileInput) { co_return UploadView{}; }
Task<Result<ThingView>> create_box(Nothing&, Request&, ThingInput) { co_return ThingView{}; }
Task<Result<UploadView>> create_box_from_file(Nothing&, Request&, FileInput) { co_return UploadView{}; }

class OpenapiTest : public ::testing::Test {
protected:
    OpenapiTest() {
        Nothing nothing;
        Routes<Nothing> routes(table_, &nothing, 1);
        routes.add<create_by_tus>({.method = Method::post,
                                   .path = "/things",
                                   .tag = "things",
                                   .summary = "Begin an upload",
                                   .description = "As tus has it.",
                                   .access = Access::signed_in,
                                   .body_optional = true,
                                   .errors = {ErrorCode::upload_concat_invalid, ErrorCode::content_not_found},
                                   .answers = {{201, "", "The upload has begun", {answer_header::location}}},
                                   .keyed = false,
                                   .chosen_by = "Tus-Resumable"});
        routes.add<create_thing>({.method = Method::post,
                                  .path = "/things",
                                  .tag = "things",
                                  .summary = "Make a thing",
                                  .description = "A whole one.",
                                  .body = {BodyForm::json},
                                  .success = 201,
                                  .headers = {answer_header::location},
                                  .errors = {ErrorCode::content_not_found}});
        routes.add<create_from_file>({.method = Method::post,
                                      .path = "/things",
                                      .tag = "things",
                                      .summary = "Send a file",
                                      .success = 201,
                                      .chosen_by = "Upload-Complete"});
        routes.add<create_box>(
            {.method = Method::post, .path = "/boxes", .tag = "things", .summary = "Make", .success = 201});
        routes.add<create_box_from_file>({.method = Method::post,
                                          .path = "/boxes",
                                          .tag = "things",
                                          .summary = "Send",
                                          .success = 201,
                                          .answers = {{201, "", "Not all of it has come", {answer_header::location}}},
                                          .chosen_by = "Upload-Complete"});
        constexpr std::array tags{ApiTag{"things", "Things"}};
        document_ = json::parse(openapi_document(table_, {"Test", "1", "A test", tags}));
    }

    json::value const& at(std::string_view pointer) { return document_.at_pointer(pointer); }

    json::value const& of_operation(std::string pointer) { return at("/paths/~1things/post" + pointer); }

    json::object parameter(std::string_view name) {
        for (auto const& parameter : of_operation("/parameters").as_array()) {
            if (parameter.at("name").as_string() == name) return parameter.as_object();
        }
        ADD_FAILURE() << "no parameter " << name;
        return {};
    }

    EndpointTable table_;
    json::value document_;
};

TEST_F(OpenapiTest, TheDefaultIsDescribedFirst) {
    EXPECT_EQ(at("/paths/~1things").as_object().size(), 1U);
    EXPECT_EQ(of_operation("/operationId"), "create_thing");
    EXPECT_EQ(of_operation("/summary"), "Make a thing");
    EXPECT_EQ(
        of_operation("/description"),
        "A whole one.\n\n**Begin an upload** (`create_by_tus`), chosen by the header field `Tus-Resumable`. As tus "
        "has it.\n\n**Send a file** (`create_from_file`), chosen by the header field `Upload-Complete`.");
    auto const& choices = of_operation("/x-operations").as_array();
    ASSERT_EQ(choices.size(), 3U);
    EXPECT_EQ(choices[1].at("operationId"), "create_by_tus");
    EXPECT_EQ(choices[1].at("header"), "Tus-Resumable");
}

TEST_F(OpenapiTest, ParametersSayWhichOperationTakesThem) {
    EXPECT_EQ(of_operation("/parameters").as_array().size(), 4U);
    auto const resumable = parameter("Tus-Resumable");
    EXPECT_FALSE(resumable.at("required").as_bool());
    EXPECT_EQ(resumable.at("description"), "Only of `create_by_tus`");
    EXPECT_EQ(parameter("Upload-Length").at("description"), "Only of `create_by_tus`, `create_from_file`");
    EXPECT_EQ(parameter("Upload-Complete").at("description"), "Only of `create_from_file`")
        << "not bound, but it chooses";
    auto const title = parameter("title");
    EXPECT_FALSE(title.at("required").as_bool()) << "required of one, optional of another";
    EXPECT_EQ(title.at("description"), "Only of `create_thing`, `create_from_file`");
}

TEST_F(OpenapiTest, BodiesAreUnitedByMediaType) {
    EXPECT_FALSE(of_operation("/requestBody/required").as_bool()) << "one of them may be absent";
    auto const& content = of_operation("/requestBody/content").as_object();
    EXPECT_EQ(content.size(), 3U);
    for (auto const* type : {"application/json", "application/offset+octet-stream", "*/*"}) {
        EXPECT_TRUE(content.contains(type)) << type;
    }
}

TEST_F(OpenapiTest, AnswersOfOneStatusAreAlternatives) {
    auto const& created = of_operation("/responses/201").as_object();
    EXPECT_EQ(created.at("description"), "Created; or: The upload has begun");
    EXPECT_TRUE(created.at("x-content-optional").as_bool());
    auto const& alternatives = created.at("content").at_pointer("/application~1json/schema/anyOf").as_array();
    ASSERT_EQ(alternatives.size(), 2U);
    EXPECT_EQ(alternatives[0].at("$ref"), "#/components/schemas/Thing");
    EXPECT_EQ(alternatives[1].at("$ref"), "#/components/schemas/Upload");
    EXPECT_EQ(created.at("headers").at_pointer("/Location/$ref"), "#/components/headers/Optional-Location");
    EXPECT_EQ(created.at("headers").at_pointer("/X-Request-Id/$ref"), "#/components/headers/X-Request-Id");
}

TEST(OpenapiMergeTest, WhatMayBeAbsentOfOneMayBeAbsentOfAll) {
    auto const with = json::parse(R"({"content": {"application/json": {"schema": {"type": "string"}}}})").as_object();
    auto optional = with;
    optional["x-content-optional"] = true;
    auto there = with;
    merge_response_content(there, optional);
    EXPECT_TRUE(there.at("x-content-optional").as_bool());
    auto other = with;
    merge_response_content(there, other);
    EXPECT_TRUE(there.at("x-content-optional").as_bool());
}

TEST_F(OpenapiTest, ContentIsOptionalIfOneOperationAnswersWithAndWithoutIt) {
    auto const& created = at("/paths/~1boxes/post/responses/201").as_object();
    EXPECT_TRUE(created.contains("x-content-optional"));
    EXPECT_EQ(created.at("content").at_pointer("/application~1json/schema/anyOf").as_array().size(), 2U);
}

TEST_F(OpenapiTest, ComponentsThatMergingReplacedAreGone) {
    EXPECT_FALSE(at("/components/headers").as_object().contains("Location"))
        << "optional in the only answer that has it";
    auto const text = json::serialize(at("/paths")) + json::serialize(at("/components"));
    for (auto const* kind : {"headers", "responses"}) {
        for (auto const& component : at("/components").at(kind).as_object()) {
            auto const reference = "\"#/components/" + std::string(kind) + "/" + std::string(component.key()) + "\"";
            EXPECT_NE(text.find(reference), std::string::npos) << reference;
        }
    }
}

TEST_F(OpenapiTest, ErrorsOfAllAreListedOnce) {
    auto const reference = std::string(of_operation("/responses/404/$ref").as_string());
    EXPECT_EQ(reference, "#/components/responses/Error404_content_not_found");
    auto const bad = std::string(of_operation("/responses/400/$ref").as_string());
    EXPECT_NE(bad.find("upload_concat_invalid"), std::string::npos);
    EXPECT_TRUE(of_operation("/responses").as_object().contains("401")) << "one of them needs an account";
}

TEST_F(OpenapiTest, CredentialsAreNeededByNoneIfOneIsForEverybody) {
    auto const& ways = of_operation("/security").as_array();
    ASSERT_EQ(ways.size(), 3U) << json::serialize(ways);
    EXPECT_TRUE(ways[0].as_object().empty());
}

}  // namespace
}  // namespace clinikk::http
