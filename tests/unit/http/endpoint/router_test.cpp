#include "http/endpoint/router.hpp"

#include <gtest/gtest.h>

namespace clinikk::http {
namespace {

class RouterTest : public ::testing::Test {
protected:
    void add(Operation operation) { table_.add(Endpoint{std::move(operation), {}, false, {}}); }

    Router::Match match(Method method, std::string_view path, std::vector<Field> fields = {}) {
        RequestHead head;
        head.method = method;
        head.path = path;
        head.fields = std::move(fields);
        return Router(table_).find(method, head);
    }

    std::string_view find(Method method, std::string_view path, std::vector<Field> fields = {}) {
        auto const found = match(method, path, std::move(fields));
        return found.endpoint == nullptr ? "" : found.endpoint->operation.id;
    }

    EndpointTable table_;
};

TEST_F(RouterTest, AHeaderFieldChoosesAmongOperationsOfOneMethod) {
    add({.method = Method::post, .path = "/files", .id = "by_tus", .chosen_by = "Tus-Resumable"});
    add({.method = Method::post, .path = "/files", .id = "the_rest"});
    add({.method = Method::post, .path = "/files", .id = "by_completeness", .chosen_by = "Upload-Complete"});
    EXPECT_EQ(find(Method::post, "/files"), "the_rest");
    EXPECT_EQ(find(Method::post, "/files", {{"tus-resumable", ""}}), "by_tus") << "presence counts";
    EXPECT_EQ(find(Method::post, "/files/", {{"Upload-Complete", "?0"}}), "by_completeness");
    EXPECT_EQ(find(Method::post, "/files", {{"Upload-Complete", "?0"}, {"Tus-Resumable", "1.0.0"}}), "by_tus")
        << "the first one added";
    EXPECT_EQ(match(Method::get, "/files").allow, "POST, OPTIONS") << "each method once";
}

TEST_F(RouterTest, AMediaTypeChooses) {
    add({.method = Method::patch, .path = "/{id}", .id = "change"});
    add({.method = Method::patch, .path = "/{id}", .id = "append", .chosen_by_type = "application/partial-upload"});
    add({.method = Method::patch, .path = "/{id}", .id = "film", .chosen_by_type = "video/*"});
    auto const with = [&](std::string_view type) { return find(Method::patch, "/1", {{"Content-Type", type}}); };
    EXPECT_EQ(with("Application/Partial-Upload;x=1"), "append");
    EXPECT_EQ(with("video/mp4"), "film");
    EXPECT_EQ(with("application/json"), "change");
    EXPECT_EQ(with("application/partial-upload, x"), "change");
    EXPECT_EQ(find(Method::patch, "/1"), "change");
    auto const found = match(Method::patch, "/a%20b", {{"Content-Type", "video/mp4"}});
    ASSERT_EQ(found.parameters.size(), 1U);
    EXPECT_EQ(found.parameters[0].second, "a b");
}

TEST_F(RouterTest, OneOfSeveralMediaTypesChooses) {
    add({.method = Method::post, .path = "/a", .id = "rest"});
    add({.method = Method::post, .path = "/a", .id = "file", .chosen_by_type = "video/*, audio/wav"});
    auto const with = [&](std::string_view type) { return find(Method::post, "/a", {{"Content-Type", type}}); };
    EXPECT_EQ(with("video/mp4"), "file");
    EXPECT_EQ(with("audio/wav; x=y"), "file");
    EXPECT_EQ(with("audio/mpeg"), "rest");
    EXPECT_EQ(with("text/plain"), "rest");
    EXPECT_EQ(find(Method::post, "/a"), "rest");
}

TEST_F(RouterTest, BothAFieldAndAMediaTypeMayBeNeeded) {
    add({.method = Method::post, .path = "/a", .id = "rest"});
    add({.method = Method::post, .path = "/a", .id = "both", .chosen_by = "X", .chosen_by_type = "a/b"});
    EXPECT_EQ(find(Method::post, "/a", {{"X", "1"}}), "rest");
    EXPECT_EQ(find(Method::post, "/a", {{"Content-Type", "a/b"}}), "rest");
    EXPECT_EQ(find(Method::post, "/a", {{"X", "1"}, {"Content-Type", "a/b"}}), "both");
}

TEST_F(RouterTest, WithoutADefaultTheFirstServesTheRest) {
    add({.method = Method::del, .path = "/a", .id = "first", .chosen_by = "X"});
    add({.method = Method::del, .path = "/a", .id = "second", .chosen_by = "Y"});
    EXPECT_EQ(find(Method::del, "/a"), "first");
    EXPECT_EQ(find(Method::del, "/a", {{"Y", ""}}), "second");
}

TEST_F(RouterTest, HeadIsThatOfGetUnlessItIsAnOperationOfItsOwn) {
    add({.path = "/plain", .id = "get_plain"});
    add({.path = "/effects", .id = "get_effects", .has_head = false});
    add({.path = "/own", .id = "get_own"});
    add({.method = Method::head, .path = "/own", .id = "head_own"});
    add({.method = Method::head, .path = "/alone", .id = "head_alone"});
    EXPECT_EQ(find(Method::head, "/plain"), "get_plain");
    EXPECT_EQ(find(Method::head, "/effects"), "");
    EXPECT_EQ(match(Method::head, "/effects").allow, "GET, OPTIONS");
    EXPECT_EQ(find(Method::head, "/own"), "head_own");
    EXPECT_EQ(find(Method::get, "/own"), "get_own");
    EXPECT_EQ(match(Method::put, "/own").allow, "GET, HEAD, OPTIONS");
    EXPECT_EQ(find(Method::head, "/alone"), "head_alone");
    EXPECT_EQ(find(Method::get, "/alone"), "");
    EXPECT_EQ(match(Method::get, "/alone").allow, "HEAD, OPTIONS");
}

}  // namespace
}  // namespace clinikk::http
