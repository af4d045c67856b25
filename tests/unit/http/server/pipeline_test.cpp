#include "http/server/pipeline.hpp"

#include <gtest/gtest.h>

#include <array>

#include "http/endpoint/endpoint_table.hpp"
#include "support/run_task.hpp"
#include "unit/http/server/no_keys.hpp"

namespace clinikk::http {
namespace {

using testing::run_task;

/// What the handlers below work with.
struct Counts {
    int calls = 0;
};

struct ThingView {
    static constexpr std::string_view schema_name = "Thing";
    std::string text;
};
BOOST_DESCRIBE_STRUCT(ThingView, (), (text))

Task<Result<ThingView>> list_things(Counts& counts, BaseUrl base, NoInput) {
    ++counts.calls;
    co_return ThingView{std::string(base.value)};
}

constexpr ValueSchema tag_description{.description = "Entity tags", .example = "\"a\""};

struct TaggedInput {
    Header<std::optional<FieldText<tag_description>>> if_match;
};
BOOST_DESCRIBE_STRUCT(TaggedInput, (), (if_match))

Task<Result<ThingView>> list_tagged(Counts&, BaseUrl, TaggedInput) { co_return ThingView{}; }

Task<Result<ThingView>> change_thing(Counts& counts, Request&, NoInput) {
    ++counts.calls;
    co_return ThingView{"changed"};
}

constexpr std::array<std::string_view, 2> chunk_types{"application/offset+octet-stream", "application/partial-upload"};

struct ChunkInput {
    Header<std::optional<FieldText<tag_description>>> if_match;
    RawBody<chunk_types> body;
};
BOOST_DESCRIBE_STRUCT(ChunkInput, (), (if_match, body))

Task<Result<ThingView>> append_chunk(Counts&, Request&, ChunkInput input) {
    std::string text(input.if_match->value());
    auto const piece = co_await input.body->next();
    if (!piece) co_return piece.error();
    text += *piece;
    co_return ThingView{text};
}

constexpr std::array<std::string_view, 1> any_type{"*/*"};
constexpr std::array<std::string_view, 2> media_types{"video/*", "audio/*"};

struct FileInput {
    RawBody<any_type> body;
};
BOOST_DESCRIBE_STRUCT(FileInput, (), (body))

struct MediaInput {
    RawBody<media_types> body;
};
BOOST_DESCRIBE_STRUCT(MediaInput, (), (body))

template <class Input>
Task<Result<ThingView>> take_file(Counts&, Request&, Input input) {
    auto const piece = co_await input.body->next();
    if (!piece) co_return piece.error();
    co_return ThingView{std::string(*piece)};
}

Task<Result<ThingView>> mismatch(Counts&, Request&, NoInput) {
    Error error = Error(ErrorCode::upload_offset_mismatch).with("Upload-Offset", "7");
    error.problem_type = "https://iana.org/assignments/http-problem-types#mismatching-upload-offset";
    error.members = {{"expected-offset", 7}, {"provided-offset", 9}};
    co_return error;
}

Task<Result<ThingView>> break_thing(Counts&, Request&, NoInput) { throw Unavailable("the database is away"); }

Task<Result<ThingView>> surprise(Counts&, Request&, NoInput) { co_return Error(ErrorCode::quota_exceeded); }

Task<Result<ThingView>> see_request(Counts&, Request&, NoInput) { co_return ThingView{}; }

template <auto Handler>
concept Cacheable = requires(Routes<Counts>& routes) { routes.add_cacheable<Handler>(Operation{}); };
static_assert(Cacheable<list_things>);
static_assert(!Cacheable<see_request>, "a handler that sees the request may depend on its caller");

class OneEditor : public Authenticator {
public:
    Task<Result<Caller>> authenticate(std::string_view token) override {
        if (token == "wrong") co_return Error(ErrorCode::not_authenticated);
        Caller caller;
        caller.user.role = token == "viewer" ? Role::viewer : token == "admin" ? Role::admin : Role::editor;
        if (token.starts_with("key"))
            caller.credential = Credential::api_key({}, Scopes::parse(token.substr(4)).value());
        co_return caller;
    }
};

class Body : public RequestBody {
public:
    void limit(std::uint64_t, ErrorCode) override {}
    Task<Result<std::string_view>> next() override {
        is_read = true;
        co_return std::string_view{"bytes"};
    }

    void interrupt() override {}
    std::string_view trailer(std::string_view) const override { return {}; }

    bool is_read = false;
};

class PipelineTest : public ::testing::Test {
protected:
    PipelineTest() {
        Routes<Counts> routes(table_, &counts_, 1);
        routes.add_cacheable<list_things>({.path = "/things"});
        routes.add<change_thing>({.method = Method::put,
                                  .path = "/things",
                                  .access = Access::editor,
                                  .scope = Scope::content_write,
                                  .body = {BodyForm::json},
                                  .body_limit = 10});
        routes.add<append_chunk>({.method = Method::patch, .path = "/things", .body_limit = 11});
        routes.add<break_thing>({.path = "/broken"});
        routes.add<surprise>({.path = "/surprise"});
        routes.add<take_file<FileInput>>({.method = Method::put, .path = "/file", .body_optional = true});
        routes.add<take_file<MediaInput>>({.method = Method::put, .path = "/media"});
        routes.add<mismatch>({.path = "/mismatch", .errors = {ErrorCode::upload_offset_mismatch}});
        routes.add<see_request>({.method = Method::post, .path = "/mismatch", .options = {{"Tus-Version", "1.0.0"}}});
        routes.add<see_request>({.method = Method::patch,
                                 .path = "/mismatch",
                                 .takes_method_override = true,
                                 .options = {{"tus-version", "2"}, {"Upload-Limit", "min-size=0"}}});
        routes.add<see_request>({.path = "/admin", .access = Access::admin, .scope = Scope::users_admin});
        routes.add<see_request>({.path = "/me", .access = Access::signed_in});
        routes.add<see_request>({.path = "/health", .is_unmetered = true});
        router_.emplace(table_);
        serve(1000);
    }

    void serve(std::uint32_t request_rate) {
        pipeline_.emplace(
            *router_, authenticator_, keys_, [this] { return revision(); },
            PipelineOptions{{}, {"https://app.example.org"}, request_rate}, log_);
    }

    Response ask(std::string_view method, std::string_view path, std::vector<Field> fields = {},
                 std::string_view authority = "tv.example.org", std::uint64_t body_length = 11) {
        RequestHead head;
        head.method_name = method;
        head.method = parse_method(method);
        head.target = head.path = path;
        head.fields = std::move(fields);
        head.fields.push_back({"Origin", "https://app.example.org"});
        if (method == "PUT" || method == "PATCH") {
            head.framing = BodyFraming::length;
            head.content_length = body_length;
        }
        Request request{head, body_, "192.0.2.1", {}, std::chrono::steady_clock::now(), authority};
        auto response = run_task(pipeline_->handle(request));
        EXPECT_TRUE(response.headers.has("X-Request-Id")) << method << path;
        EXPECT_TRUE(response.headers.has("Content-Security-Policy")) << method << path;
        EXPECT_EQ(response.headers.find("Access-Control-Allow-Origin"), "https://app.example.org") << method << path;
        return response;
    }

    std::optional<Revision> revision() {
        if (revision_fails_after_ == 0) throw Unavailable("the database is away");
        --revision_fails_after_;
        return Revision{{1}};
    }

    static std::string text(Response const& response) { return std::get<std::string>(response.body); }

    Counts counts_;
    int revision_fails_after_ = 1000;  ///< asks for the database's revision
    Body body_;
    OneEditor authenticator_;
    NoKeys keys_;
    Log log_{LogLevel::error, LogFormat::text};
    EndpointTable table_;
    std::optional<Router> router_;
    std::optional<Pipeline> pipeline_;
};

TEST_F(PipelineTest, TellsOfPathsAndMethodsBeforeItAsksForCredentials) {
    EXPECT_EQ(ask("GET", "/nothing").status, 404);
    EXPECT_EQ(ask("OPTIONS", "/nothing").status, 404);
    EXPECT_EQ(ask("BREW", "/things").status, 501);
    for (auto const* method : {"DELETE", "TRACE"}) {
        auto const refused = ask(method, "/things");
        EXPECT_EQ(refused.status, 405) << method;
        EXPECT_EQ(refused.headers.find("Allow"), "GET, HEAD, PUT, PATCH, OPTIONS") << method;
    }
}

TEST_F(PipelineTest, AnswersPreflightsWithoutCredentials) {
    auto const answer = ask("OPTIONS", "/things", {{"Access-Control-Request-Method", "PUT"}});
    EXPECT_EQ(answer.status, 204);
    EXPECT_EQ(answer.headers.find("Allow"), "GET, HEAD, PUT, PATCH, OPTIONS");
    EXPECT_EQ(answer.headers.find("Access-Control-Allow-Methods"), "GET, HEAD, PUT, PATCH, OPTIONS");
    EXPECT_FALSE(ask("OPTIONS", "/things").headers.has("Access-Control-Allow-Methods"));
    EXPECT_EQ(ask("OPTIONS", "*").status, 204);
}

TEST_F(PipelineTest, RefusesStrangersBeforeTheirBodies) {
    EXPECT_EQ(ask("PUT", "/things").status, 401);
    EXPECT_EQ(ask("PUT", "/things").headers.find("WWW-Authenticate"), "Bearer");
    auto const wrong = ask("PUT", "/things", {{"Authorization", "Bearer wrong"}});
    EXPECT_EQ(wrong.status, 401);
    EXPECT_EQ(wrong.headers.find("WWW-Authenticate"), R"(Bearer error="invalid_token")");
    EXPECT_EQ(ask("PUT", "/things", {{"Authorization", "Bearer viewer"}}).status, 403);
    EXPECT_EQ(ask("PUT", "/things", {{"Authorization", "Bearer x"}, {"Content-Encoding", "gzip"}}).status, 415);
    EXPECT_EQ(ask("PUT", "/things", {{"Authorization", "Bearer x"}}).status, 413);
    EXPECT_FALSE(body_.is_read);
    EXPECT_EQ(counts_.calls, 0);
}

TEST_F(PipelineTest, CountsTheRequestsOfEachCallerBeforeItRefusesCredentials) {
    serve(1);
    std::vector<Field> const key{{"Authorization", "Bearer key:content:read"}};
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(ask("GET", "/things").status, 200);
        EXPECT_EQ(ask("GET", "/me", {{"Authorization", "Bearer wrong"}}).status, 401);
    }
    auto const refused = ask("PUT", "/things", {{"Authorization", "Bearer wrong"}});
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.headers.find("Retry-After"), "1");
    EXPECT_EQ(refused.headers.find("RateLimit-Policy"), R"("requests";q=10;w=10)");
    EXPECT_EQ(refused.headers.find("RateLimit"), R"("requests";r=0;t=1)");
    EXPECT_FALSE(body_.is_read);
    EXPECT_EQ(ask("GET", "/me").status, 429);
    EXPECT_EQ(ask("GET", "/me", {{"Authorization", "Bearer x"}}).status, 200) << "an account has its own";
    EXPECT_EQ(ask("GET", "/me", key).status, 403) << "and so has a key";
    EXPECT_EQ(ask("GET", "/nothing").status, 404);
    EXPECT_EQ(ask("OPTIONS", "/things").status, 204);
    auto const health = ask("GET", "/health");
    EXPECT_EQ(health.status, 200);
    EXPECT_FALSE(health.headers.has("RateLimit"));
}

TEST_F(PipelineTest, AKeptAnswerTellsWhatIsLeftOfTheCallersOwn) {
    serve(1);
    EXPECT_EQ(ask("GET", "/things").headers.find("RateLimit"), R"("requests";r=9;t=1)");
    auto const kept = ask("GET", "/things");
    EXPECT_EQ(counts_.calls, 1);
    EXPECT_EQ(kept.headers.find("RateLimit"), R"("requests";r=8;t=2)");
    auto const text = kept.headers.text();
    EXPECT_EQ(text.find("RateLimit:"), text.rfind("RateLimit:"));
    serve(0);
    EXPECT_FALSE(ask("GET", "/things").headers.has("RateLimit"));
}

TEST_F(PipelineTest, OnlyAdminsMayCallWhatIsForAdmins) {
    EXPECT_EQ(ask("GET", "/admin").status, 401);
    EXPECT_EQ(ask("GET", "/admin", {{"Authorization", "Bearer viewer"}}).status, 403);
    EXPECT_EQ(ask("GET", "/admin", {{"Authorization", "Bearer editor"}}).status, 403);
    EXPECT_EQ(ask("GET", "/admin", {{"Authorization", "Bearer admin"}}).status, 200);
}

TEST_F(PipelineTest, AKeyNeedsTheScopeOfTheOperation) {
    auto const with = [&](std::string_view method, std::string_view path, std::string_view scopes) {
        return ask(method, path, {{"Authorization", "Bearer key:" + std::string(scopes)}});
    };
    auto const challenge = [](Response const& response) { return response.headers.find("WWW-Authenticate"); };
    auto const reader = with("PUT", "/things", "content:read users:admin");
    EXPECT_EQ(reader.status, 403);
    EXPECT_EQ(challenge(reader), R"(Bearer error="insufficient_scope", scope="content:write")");
    EXPECT_NE(text(reader).find("insufficient_scope"), std::string::npos);
    EXPECT_EQ(with("PUT", "/things", "content:write").status, 413) << "the next stage";
    auto const unscoped = with("GET", "/me", "content:read content:write users:admin");
    EXPECT_EQ(unscoped.status, 403);
    EXPECT_EQ(challenge(unscoped), R"(Bearer error="insufficient_scope")");
    auto const no_admin = with("GET", "/admin", "users:admin");
    EXPECT_EQ(no_admin.status, 403);
    EXPECT_EQ(challenge(no_admin), std::nullopt) << "the role does not suffice, whatever the scope";
    EXPECT_NE(text(no_admin).find("forbidden"), std::string::npos);
}

TEST_F(PipelineTest, KeepsAnswersForEachBaseUrlAndCoding) {
    EXPECT_EQ(text(ask("GET", "/things")), R"({"text":"http://tv.example.org"})");
    EXPECT_EQ(text(ask("GET", "/things")), R"({"text":"http://tv.example.org"})");
    EXPECT_EQ(counts_.calls, 1);
    EXPECT_EQ(text(ask("GET", "/things", {}, "other.example.org")), R"({"text":"http://other.example.org"})");
    EXPECT_EQ(counts_.calls, 2);
    ask("GET", "/things", {{"Accept-Encoding", "gzip"}});
    EXPECT_EQ(counts_.calls, 3);
}

TEST_F(PipelineTest, HandsOverARawBodyUnread) {
    Field const tag{"If-Match", "tag "};
    auto const patch = [&](std::vector<Field> fields) {
        fields.push_back(tag);
        return ask("PATCH", "/things", std::move(fields));
    };
    for (auto const* type : {"application/offset+octet-stream", "APPLICATION/Partial-Upload; x=1"}) {
        auto const answer = patch({{"Content-Type", type}});
        EXPECT_EQ(answer.status, 200) << type;
        EXPECT_EQ(text(answer), R"({"text":"tag bytes"})");
    }
    body_.is_read = false;
    EXPECT_EQ(patch({}).status, 415);
    auto const other = patch({{"Content-Type", "application/json"}});
    EXPECT_EQ(other.status, 415);
    EXPECT_NE(text(other).find("application/offset+octet-stream or application/partial-upload"), std::string::npos);
    EXPECT_EQ(patch({{"Content-Type", "application/offset+octet-stream"}, {"Content-Encoding", "gzip"}}).status, 415);
    EXPECT_FALSE(body_.is_read);
}

TEST_F(PipelineTest, TakesRawBodiesByRangesOfMediaTypes) {
    auto const put = [&](std::string_view path, std::string_view type) {
        std::vector<Field> fields;
        if (type.data() != nullptr) fields.push_back({"Content-Type", type});
        return ask("PUT", path, std::move(fields)).status;
    };
    EXPECT_EQ(put("/file", "video/mp4"), 200);
    EXPECT_EQ(put("/file", "application/octet-stream; x=1"), 200);
    EXPECT_EQ(put("/file", {}), 200) << "unknown bytes";
    EXPECT_EQ(put("/file", "no type"), 415);
    EXPECT_EQ(put("/media", "Video/MP4"), 200);
    EXPECT_EQ(put("/media", "audio/ogg"), 200);
    for (auto const* type : {"videos/mp4", "image/png", "video", "*/*", ""})
        EXPECT_EQ(put("/media", type), 415) << type;
    EXPECT_EQ(put("/media", {}), 415);
}

TEST_F(PipelineTest, ARawBodyMayBeAbsentWhereTheOperationSaysSo) {
    EXPECT_EQ(ask("PUT", "/file", {{"Content-Type", "no type"}}, "tv.example.org", 0).status, 200);
    EXPECT_EQ(ask("PUT", "/media", {}, "tv.example.org", 0).status, 415);
}

TEST_F(PipelineTest, WritesProblemTypesOfOtherSpecifications) {
    auto const answer = ask("GET", "/mismatch");
    EXPECT_EQ(answer.status, 409);
    EXPECT_EQ(answer.headers.find("Upload-Offset"), "7");
    auto const problem = text(answer);
    EXPECT_TRUE(
        problem.starts_with(R"({"type":"https://iana.org/assignments/http-problem-types#mismatching-upload-offset",)"))
        << problem;
    EXPECT_TRUE(problem.ends_with(R"("code":"upload_offset_mismatch","expected-offset":7,"provided-offset":9})"))
        << problem;
}

TEST_F(PipelineTest, AnswersOptionsWithTheFieldsOfAllOperationsOnce) {
    auto const answer = ask("OPTIONS", "/mismatch", {{"Access-Control-Request-Method", "PATCH"}});
    EXPECT_EQ(answer.status, 204);
    EXPECT_EQ(answer.headers.find("Tus-Version"), "1.0.0");
    EXPECT_EQ(answer.headers.find("Upload-Limit"), "min-size=0");
    EXPECT_EQ(answer.headers.text().find("tus-version"), std::string_view::npos);
    EXPECT_EQ(answer.headers.find("Access-Control-Allow-Methods"), "GET, HEAD, POST, PATCH, OPTIONS");
    auto const may_send = answer.headers.find("Access-Control-Allow-Headers").value();
    for (auto const* name : {"Tus-Resumable", "Upload-Offset", "X-HTTP-Method-Override", "Content-Digest"}) {
        EXPECT_NE(may_send.find(name), std::string_view::npos) << name;
    }
    auto const may_read = answer.headers.find("Access-Control-Expose-Headers").value();
    for (auto const* name : {"Location", "Upload-Offset", "Upload-Limit", "Tus-Max-Size", "Content-Location"}) {
        EXPECT_NE(may_read.find(name), std::string_view::npos) << name;
    }
    EXPECT_FALSE(ask("OPTIONS", "/things").headers.has("Tus-Version"));
}

TEST_F(PipelineTest, APostMayStateAnotherMethodWhereTheOperationTakesIt) {
    auto const method_of = [&](std::string_view method, std::string_view path, std::vector<Field> fields) {
        RequestHead head;
        head.method_name = method;
        head.method = parse_method(method);
        head.target = head.path = path;
        head.fields = std::move(fields);
        pipeline_->override_method(head);
        EXPECT_EQ(to_string(head.method), head.method_name);
        return head.method;
    };
    Field const patch{"X-HTTP-Method-Override", "PATCH"};
    EXPECT_EQ(method_of("POST", "/mismatch", {patch}), Method::patch);
    EXPECT_EQ(method_of("POST", "/mismatch", {}), Method::post);
    EXPECT_EQ(method_of("POST", "/mismatch", {patch, patch}), Method::post);
    for (auto const* other : {"patch", "GET", "HEAD", "DELETE", "PUT", "OPTIONS", ""}) {
        EXPECT_EQ(method_of("POST", "/mismatch", {{"X-HTTP-Method-Override", other}}), Method::post) << other;
    }
    EXPECT_EQ(method_of("POST", "/things", {patch}), Method::post) << "its PATCH takes no override";
    EXPECT_EQ(method_of("POST", "/nothing", {patch}), Method::post);
    EXPECT_EQ(method_of("GET", "/mismatch", {patch}), Method::patch) << "whatever method the client could send";
}

TEST_F(PipelineTest, AnswersWhateverHappens) {
    auto const broken = ask("GET", "/broken");
    EXPECT_EQ(broken.status, 503);
    EXPECT_EQ(broken.headers.find("Retry-After"), "5");
    EXPECT_EQ(text(broken).find("database"), std::string::npos);
    revision_fails_after_ = 1;  // when the answer is kept
    EXPECT_EQ(ask("GET", "/things").status, 503);
    EXPECT_EQ(ask("GET", "/things").status, 503);
    EXPECT_EQ(ask("GET", "/surprise").status, 500) << "the operation does not list this error";
}

TEST_F(PipelineTest, IdentifiesTheAnswerToARefusedHead) {
    auto const answer = pipeline_->refuse(Error(ErrorCode::bad_request), Uuid{}, "192.0.2.1");
    EXPECT_EQ(answer.status, 400);
    EXPECT_TRUE(answer.close);
    EXPECT_TRUE(answer.headers.has("X-Request-Id"));
}

TEST(Routes, MakesNothingCacheableThatNotEverybodyMayCall) {
    EndpointTable table;
    Counts counts;
    Routes<Counts> routes(table, &counts, 1);
    EXPECT_THROW(routes.add_cacheable<list_things>({.path = "/a", .access = Access::signed_in}), std::logic_error);
    EXPECT_THROW(routes.add_cacheable<list_things>({.path = "/a", .access = Access::editor}), std::logic_error);
    EXPECT_THROW(routes.add_cacheable<list_things>({.method = Method::post, .path = "/a"}), std::logic_error);
    EXPECT_THROW(routes.add_cacheable<list_tagged>({.path = "/a"}), std::logic_error);
    EXPECT_TRUE(table.endpoints().empty());
}

}  // namespace
}  // namespace clinikk::http
