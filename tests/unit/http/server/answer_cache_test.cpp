#include "http/server/answer_cache.hpp"

#include <gtest/gtest.h>

namespace clinikk::http {
namespace {

class NoBody : public RequestBody {
public:
    void limit(std::uint64_t, ErrorCode) override {}
    Task<Result<std::string_view>> next() override { co_return std::string_view{}; }
    void interrupt() override {}
    std::string_view trailer(std::string_view) const override { return {}; }
};

class AnswerCacheTest : public testing::Test {
protected:
    static Revision revision(std::uint64_t number) { return {{number}}; }

    template <class Use>
    auto with(std::string_view target, std::string_view base, std::string_view coding, Use use) {
        RequestHead head;
        head.target = target;
        if (!coding.empty()) head.fields.push_back({"Accept-Encoding", coding});
        NoBody body;
        Request request{head, body, "", {}, {}};
        request.base_url = base;
        return use(request);
    }

    std::optional<std::string> find(std::string_view target, std::string_view base = "http://a",
                                    std::string_view coding = "") {
        auto found = with(target, base, coding, [&](Request const& request) { return cache_.find(*now_, request); });
        if (!found) return std::nullopt;
        return std::get<std::string>(found->body);
    }

    void insert(std::uint64_t begun_at, std::string_view target, std::string text, std::string_view base = "http://a",
                std::string_view coding = "") {
        with(target, base, coding, [&](Request const& request) {
            auto const response = json_response(200, std::move(text));
            cache_.insert(revision(begun_at), request, response);
            return 0;
        });
    }

    std::optional<Revision> now_ = revision(1);
    AnswerCache cache_{[this] { return now_; }};
};

TEST_F(AnswerCacheTest, GivesBackWhatWasAnswered) {
    insert(1, "/content", "[1]");
    EXPECT_EQ(find("/content"), "[1]");
    EXPECT_EQ(find("/content?skip=1"), std::nullopt);
}

TEST_F(AnswerCacheTest, ForgetsWhenTheDatabaseChanges) {
    insert(1, "/content", "[1]");
    now_ = revision(2);
    EXPECT_EQ(find("/content"), std::nullopt);
    insert(2, "/other", "[2]");
    now_ = revision(1);  // even if a mark came again, what was kept under it is gone
    EXPECT_EQ(find("/content"), std::nullopt);
}

TEST_F(AnswerCacheTest, KeepsNothingThatWasReadWhileTheDatabaseChanged) {
    now_ = revision(2);
    insert(1, "/content", "[1]");
    EXPECT_EQ(find("/content"), std::nullopt);
    now_ = revision(1);
    EXPECT_EQ(find("/content"), std::nullopt);
}

TEST_F(AnswerCacheTest, TellsHostsAndCodingsApart) {
    insert(1, "/content", "a");
    insert(1, "/content", "b", "http://b");
    insert(1, "/content", "zipped", "http://a", "gzip");
    EXPECT_EQ(find("/content"), "a");
    EXPECT_EQ(find("/content", "http://b"), "b");
    EXPECT_EQ(find("/content", "http://a", "br, gzip"), "zipped");
    EXPECT_EQ(find("/content", "http://a", "br"), "a");
}

TEST_F(AnswerCacheTest, StaysWithinItsCapacity) {
    std::string const large(AnswerCache::capacity / 4, 'x');
    insert(1, "/too-large", std::string(AnswerCache::capacity + 1, 'x'));
    EXPECT_EQ(find("/too-large"), std::nullopt);
    for (int i = 0; i < 10; ++i) insert(1, "/" + std::to_string(i), large);
    int kept = 0;
    for (int i = 0; i < 10; ++i) kept += find("/" + std::to_string(i)) ? 1 : 0;
    EXPECT_GE(kept, 1);
    EXPECT_LE(kept, 4);
    EXPECT_EQ(find("/9"), large);
}

TEST_F(AnswerCacheTest, HasNothingWhereTheRevisionCannotBeTold) {
    now_.reset();
    EXPECT_EQ(cache_.revision(), std::nullopt);
}

}  // namespace
}  // namespace clinikk::http
