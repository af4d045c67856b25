#include "storage/s3_append_progress.hpp"

#include <gtest/gtest.h>

#include <string>

#include "storage/s3_object_append.hpp"

namespace clinikk {
namespace {

constexpr std::uint64_t mib = 1024UL * 1024;

TEST(S3AppendProgress, SurvivesTheWayThroughARow) {
    S3Progress progress;
    progress.upload_id = "2~a\"b";
    for (int number = 1; number <= s3_max_parts; ++number) {
        progress.parts.push_back({number, 64 * mib, "\"0123456789abcdef0123456789abcdef\""});
    }
    progress.tail = "ab12c";
    progress.tail_size = 17;
    auto const state = to_append_state(progress);
    EXPECT_EQ(state.size, s3_max_parts * 64 * mib + 17);
    EXPECT_LT(state.progress.size(), 500'000U);

    auto const read = parse_append_state(state);
    EXPECT_EQ(read.upload_id, progress.upload_id);
    ASSERT_EQ(read.parts.size(), progress.parts.size());
    EXPECT_EQ(read.parts[7].number, 8);
    EXPECT_EQ(read.parts[7].size, 64 * mib);
    EXPECT_EQ(read.parts[7].etag, progress.parts[7].etag);
    EXPECT_EQ(read.tail, "ab12c");
    EXPECT_EQ(read.tail_size, 17U);
}

TEST(S3AppendProgress, IsEmptyBeforeTheFirstByte) {
    EXPECT_EQ(to_append_state({}).progress, "");
    EXPECT_EQ(parse_append_state({}).size(), 0U);
}

TEST(S3AppendProgress, RefusesWhatItDidNotMake) {
    for (std::string const text : {"[]", "{", R"({"upload":"a","parts":[5]})", R"({"upload":"a","parts":["5","e"]})",
                                   R"({"upload":"a","parts":[5,6]})", R"({"parts":[5,"e"]})", R"({"tail":"abcde"})",
                                   R"({"tail":"abcde","tail_size":4})", R"({"tail":"abcde","tail_size":-5})"}) {
        EXPECT_THROW(parse_append_state({5, text}), std::runtime_error) << text;
    }
    EXPECT_EQ(parse_append_state({5, R"({"tail":"abcde","tail_size":5})"}).tail_size, 5U);
}

/// The number of parts of an object whose parts are all as small as they may be.
std::size_t count_least_parts(S3PartSizes const& sizes) {
    std::size_t parts = 0;
    for (std::uint64_t size = 0; size < sizes.bound() && parts <= s3_max_parts; ++parts) {
        EXPECT_LE(sizes.least(parts, size), std::max(sizes.best(parts, size), 5 * mib));
        size += sizes.least(parts, size);
    }
    return parts;
}

TEST(S3PartSizes, LetTenThousandPartsSuffice) {
    S3StoreOptions const options;
    for (std::uint64_t const bound : {1 * mib, 5 * mib, 49'999 * mib, 50'000 * mib, 400'000 * mib, 5'000'000 * mib}) {
        for (bool const is_exact : {false, true}) {
            S3PartSizes const sizes(options, 1024 * mib, bound, is_exact);
            EXPECT_LE(count_least_parts(sizes), static_cast<std::size_t>(s3_max_parts)) << bound;
        }
    }
}

TEST(S3PartSizes, GrowWithTheObject) {
    S3StoreOptions const options;
    S3PartSizes const small(options, 1024 * mib, 100 * mib, true);
    EXPECT_EQ(small.best(0, 0), 8 * mib);
    S3PartSizes const known(options, 1024 * mib, 50'000 * mib, true);
    EXPECT_EQ(known.best(2000, 16'000 * mib), 16 * mib);
    S3PartSizes const unknown(options, 1024 * mib, 90'000 * mib, false);
    EXPECT_EQ(unknown.best(0, 0), 10 * mib);
    EXPECT_EQ(unknown.best(5000, 50'000 * mib), 10 * mib);
    S3PartSizes const narrow(options, 64 * mib, 5'000'000 * mib, false);
    EXPECT_EQ(narrow.best(0, 0), 64 * mib);
}

TEST(S3AppendProgress, NamesOfTailsDiffer) {
    auto const name = make_tail_name();
    EXPECT_EQ(name.size(), 5U);
    EXPECT_NE(name, make_tail_name());
    EXPECT_EQ(s3_tail_key(s3_append_key("x"), "abcde"), "objects/x.abcde");
}

}  // namespace
}  // namespace clinikk
