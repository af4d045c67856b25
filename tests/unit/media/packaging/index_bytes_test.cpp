#include "media/packaging/index_bytes.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "unit/media/packaging/movies.hpp"

namespace clinikk::media::packaging {
namespace {

using movies::bytes;
using Values = std::vector<std::uint32_t>;

TEST(IndexBytes, WritesNumbers) {
    for (auto const& [value, expected] :
         {std::pair<std::uint64_t, std::string>{0, bytes({0})},
          {127, bytes({0x7f})},
          {128, bytes({0x80, 1})},
          {300, bytes({0xac, 2})},
          {std::numeric_limits<std::uint64_t>::max(), std::string(9, '\xff') + "\x01"}}) {
        IndexWriter out;
        out.number(value);
        EXPECT_EQ(out.bytes(), expected);
        EXPECT_EQ(IndexReader(out.bytes()).number(), value);
    }
    for (std::int64_t const value :
         {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1}, std::int64_t{-300},
          std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
        IndexWriter out;
        out.signed_number(value);
        EXPECT_EQ(IndexReader(out.bytes()).signed_number(), value);
    }
}

TEST(IndexBytes, ChoosesTheShortestWay) {
    Values const same(100, 512);
    Values few;
    Values many;
    for (std::uint32_t i = 0; i < 100; ++i) {
        few.push_back(i % 3 * 512);
        many.push_back(10'000 + i * 7);
    }
    for (auto const& [values, size] : {std::pair{same, std::size_t{4}}, {few, 2 + 1 + 2 + 2 + 25}, {many, 201}}) {
        IndexWriter out;
        out.values(values);
        EXPECT_EQ(out.size(), size);
        IndexReader in(out.bytes());
        EXPECT_EQ(in.values(values.size()), values);
        EXPECT_EQ(in.left(), 0U);
    }
}

TEST(IndexBytes, KeepsDictionariesOfEverySize) {
    for (std::uint32_t const entries : {1u, 2u, 3u, 4u, 5u, 16u, 17u, 255u, 256u, 257u}) {
        Values values;
        for (std::uint32_t i = 0; i < 3000; ++i) values.push_back(1'000'000 + i * 7919 % entries);
        IndexWriter out;
        out.values(values);
        EXPECT_EQ(IndexReader(out.bytes()).values(values.size()), values) << entries;
    }
}

TEST(IndexBytes, RefusesDamage) {
    EXPECT_THROW(IndexReader("").number(), DamagedPackagingIndex);
    EXPECT_THROW(IndexReader("\x80").number(), DamagedPackagingIndex);
    EXPECT_THROW(IndexReader(std::string(11, '\xff')).number(), DamagedPackagingIndex);
    EXPECT_THROW(IndexReader(std::string(9, '\xff') + "\x02").number(), DamagedPackagingIndex);
    EXPECT_THROW(IndexReader("\x05").number(4), DamagedPackagingIndex);
    EXPECT_THROW(IndexReader("\x05"
                             "abc")
                     .text(),
                 DamagedPackagingIndex);
    EXPECT_THROW(IndexReader("\x03").values(0), DamagedPackagingIndex);
    EXPECT_THROW(IndexReader(bytes({0, 0, 7})).values(1), DamagedPackagingIndex);           // an empty run
    EXPECT_THROW(IndexReader(bytes({0, 2, 7})).values(1), DamagedPackagingIndex);           // more than there are
    EXPECT_THROW(IndexReader(bytes({1, 2, 7, 8, 9, 3})).values(1), DamagedPackagingIndex);  // no such entry
    EXPECT_THROW(IndexReader(bytes({2, 1})).values(1'000'000), DamagedPackagingIndex);
}

}  // namespace
}  // namespace clinikk::media::packaging
