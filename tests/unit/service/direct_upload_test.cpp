#include <gtest/gtest.h>

#include "service/direct_upload_service.hpp"

namespace clinikk {
namespace {

constexpr std::uint64_t mebibyte = 1024UL * 1024;

TEST(PartPlan, CutsFilesOfEverySize) {
    auto const expect = [](std::uint64_t size, std::uint64_t part_size, int count) {
        auto const plan = PartPlan::of(size);
        EXPECT_EQ(plan.part_size, part_size) << size;
        EXPECT_EQ(plan.count(), count) << size;
        std::uint64_t total = 0;
        for (int number = 1; number <= plan.count(); ++number) total += plan.size_of(number);
        EXPECT_EQ(total, size);
        EXPECT_GE(plan.size_of(plan.count()), 1U);
    };
    expect(1, 8 * mebibyte, 1);
    expect(8 * mebibyte, 8 * mebibyte, 1);
    expect(8 * mebibyte + 1, 8 * mebibyte, 2);
    expect(8000 * mebibyte, 8 * mebibyte, 1000);
    expect(8000 * mebibyte + 1, 16 * mebibyte, 501);
    expect(10'240 * mebibyte, 16 * mebibyte, 640);
    expect(640'000 * mebibyte, 64 * mebibyte, 10'000);
    expect(640'000 * mebibyte + 1, 128 * mebibyte, 5001);
    expect(5ULL << 40U, 1024 * mebibyte, 5120);
}

UploadDescription described(std::string file_name, ContentKind kind = ContentKind::video) {
    UploadDescription description;
    description.title = "Straße \"1\"\n";
    description.content_type = kind;
    description.file_name = std::move(file_name);
    description.disposition = "inline";
    return description;
}

TEST(UploadDescription, ComesBackAsItWas) {
    auto full = described("../\xF0\x9F\x8E\xAC.mp4", ContentKind::audio);
    full.duration = 7;
    full.thumbnail_url = "https://example.org/?a=\"b\"";
    full.language = "de";
    for (auto const& description : {full, described("x")}) {
        auto const back = parse_description(serialize(description));
        for_each_member<UploadDescription>(
            [&](auto member) { EXPECT_EQ(back.*member.pointer, description.*member.pointer) << member.name; });
    }
    EXPECT_ANY_THROW(parse_description("{}"));
    EXPECT_ANY_THROW(parse_description("not JSON"));
}

TEST(UploadDescription, TakesARowFromBeforeAMemberExisted) {
    auto const old = parse_description(
        R"({"title":"T","description":"","content_type":"audio","file_name":"a","disposition":"inline"})");
    EXPECT_EQ(old.title, "T");
    EXPECT_EQ(old.content_type, ContentKind::audio);
    EXPECT_FALSE(old.duration);
    EXPECT_FALSE(old.language);
}

}  // namespace
}  // namespace clinikk
