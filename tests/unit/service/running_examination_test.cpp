#include "service/running_examination.hpp"

#include <gtest/gtest.h>

#include "support/fakes/fake_media_inspector.hpp"
#include "support/fakes/test_clock.hpp"

namespace clinikk {
namespace {

using namespace testing;

class RunningExaminationTest : public ::testing::Test {
protected:
    void keep(Uuid id, std::uint64_t offset) { examinations_.keep(id, offset, examinations_.take(id, 0)); }

    Calls calls_;
    TestClock clock_;
    FakeMediaInspector inspector_{calls_};
    RunningExaminations examinations_{inspector_, clock_};
};

TEST_F(RunningExaminationTest, GoesOnOnlyAtTheOffsetThatItHasSeen) {
    auto const id = new_uuid();
    keep(id, 5);
    EXPECT_EQ(examinations_.take(new_uuid(), 5), nullptr);
    EXPECT_NE(examinations_.take(id, 5), nullptr);
    EXPECT_EQ(examinations_.take(id, 5), nullptr) << "it belongs to who took it";
    keep(id, 5);
    EXPECT_EQ(examinations_.take(id, 4), nullptr);
    EXPECT_EQ(examinations_.take(id, 5), nullptr) << "the bytes that it has seen were not kept";
    EXPECT_NE(examinations_.take(id, 0), nullptr) << "at the beginning there is always one";
}

TEST_F(RunningExaminationTest, KeepsFewAndNotForLong) {
    std::vector<Uuid> ids;
    for (std::size_t i = 0; i < RunningExaminations::max_kept + 1; ++i) {
        ids.push_back(new_uuid());
        keep(ids.back(), 5);
        clock_.jump(std::chrono::seconds(1));
    }
    EXPECT_EQ(examinations_.take(ids[0], 5), nullptr) << "the oldest had to go";
    EXPECT_NE(examinations_.take(ids[1], 5), nullptr);
    EXPECT_NE(examinations_.take(ids.back(), 5), nullptr);
    clock_.jump(RunningExaminations::max_idle);
    EXPECT_EQ(examinations_.take(ids[15], 5), nullptr);
    keep(ids[0], 5);
    examinations_.drop_all();
    EXPECT_EQ(examinations_.take(ids[0], 5), nullptr);
}

}  // namespace
}  // namespace clinikk
