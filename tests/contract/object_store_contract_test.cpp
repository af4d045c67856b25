#include "contract/object_store_contract.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/sha256.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"
#include "support/memory_source.hpp"
#include "support/run_task.hpp"

namespace clinikk::testing {
namespace {

constexpr std::uint64_t no_limit = 1ULL << 40;

std::string new_key() { return "objects/" + new_uuid().to_string(); }

/// A key as earlier versions made them.
std::string old_key(std::string const& folder) { return folder + "/" + new_uuid().to_string() + ".mp4"; }

/// Bytes in which no two blocks are alike.
std::string make_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    std::uint32_t state = static_cast<std::uint32_t>(size) + 1;
    for (auto& byte : bytes) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<char>(state >> 24);
    }
    return bytes;
}

/// What a bucket has to be told before it takes the first of several parts.
ObjectWrite::Labeller label_with(std::string key) {
    return [key = std::move(key)] { return ObjectLabel{key, "video/mp4", "inline"}; };
}

/// All bytes of a body, however the store gives them.
Task<std::string> read_body(Body body) {
    if (auto* const bytes = std::get_if<std::string>(&body)) co_return std::move(*bytes);
    std::string out;
    if (auto const* const slice = std::get_if<FileSlice>(&body)) {
        out.resize(slice->length);
        auto const got = ::pread(slice->file->get(), out.data(), out.size(), static_cast<off_t>(slice->offset));
        EXPECT_EQ(got, static_cast<ssize_t>(slice->length));
        co_return out;
    }
    if (auto* const pieces = std::get_if<FilePieces>(&body)) {
        out = std::move(pieces->head);
        while (pieces->lead) {
            auto const piece = co_await pieces->lead->next();
            if (piece.value().empty()) break;
            out += *piece;
        }
        for (auto const& [offset, length] : pieces->pieces) {
            std::string bytes(length, '\0');
            auto const got = ::pread(pieces->file->get(), bytes.data(), length, static_cast<off_t>(offset));
            EXPECT_EQ(got, static_cast<ssize_t>(length));
            out += bytes;
        }
        co_return out;
    }
    auto& source = *std::get<std::unique_ptr<ByteSource>>(body);
    for (;;) {
        auto const piece = co_await source.next();
        if (piece.value().empty()) co_return out;
        out += *piece;
    }
}

Task<StoredBytes> put(ObjectStore& store, std::string key, std::string bytes, std::size_t piece = 64 * 1024) {
    auto const write = co_await store.create(new_uuid().to_string());
    write->set_labeller(label_with(key));
    MemorySource source(std::move(bytes), piece);
    auto const stored = co_await write->write(source, no_limit);
    co_await write->commit(key);
    co_return stored.value();
}

Task<std::optional<std::string>> get(ObjectStore& store, std::string key, ByteRange range) {
    auto const stat = co_await store.stat(key);
    if (!stat) co_return std::nullopt;
    auto body = co_await store.body(key, range, stat->size);
    if (!body) co_return std::nullopt;
    co_return co_await read_body(*std::move(body));
}

/// Whether the store gives a body of the object if it has this size. The body ends here, because a body must not
/// outlive the event loop on which it was requested.
Task<bool> gives(ObjectStore& store, std::string key, ByteRange range, std::uint64_t size) {
    co_return (co_await store.body(key, range, size)).has_value();
}

TEST_P(ObjectStoreContract, KeepsBytesOfEverySize) {
    struct Case {
        std::size_t size;
        std::size_t piece;
    };
    constexpr std::size_t buffer = 256UL * 1024;
    for (auto const& [size, piece] : {Case{0, 1},
                                      {1, 1},
                                      {1000, 7},
                                      {buffer - 1, 4096},
                                      {buffer, 4096},
                                      {buffer + 1, 4096},
                                      {2 * buffer, 65536},
                                      {3 * buffer + 17, 100'003},
                                      {10'000'000, 65536},
                                      {20'000'000, 1'000'000}}) {
        auto const key = new_key();
        auto const bytes = make_bytes(size);
        auto const stored = run_task(put(store(), key, bytes, piece));
        EXPECT_EQ(stored.size, size);
        EXPECT_EQ(stored.sha256, Sha256::of(bytes)) << size;
        EXPECT_TRUE(run_task(get(store(), key, {0, size})) == bytes) << size;
        auto const stat = run_task(store().stat(key));
        ASSERT_TRUE(stat);
        EXPECT_EQ(stat->size, size);
        EXPECT_LT(std::chrono::abs(stat->modified_at - now()), std::chrono::minutes(10));
    }
}

TEST_P(ObjectStoreContract, GivesRanges) {
    auto const key = new_key();
    auto const bytes = make_bytes(300'000);
    run_task(put(store(), key, bytes));
    for (ByteRange const range : {ByteRange{0, 1}, {0, 300'000}, {299'999, 1}, {65'535, 65'537}, {300'000, 0}}) {
        auto const expected = bytes.substr(range.offset, range.length);
        EXPECT_TRUE(run_task(get(store(), key, range)) == expected) << range.offset;
        EXPECT_TRUE(run_task(store().read_at(key, range)) == expected) << range.offset;
    }
    EXPECT_TRUE(run_task(store().read_at(key, {299'000, 5000})) == bytes.substr(299'000));
    EXPECT_EQ(run_task(store().read_at(key, {300'000, 10})), "");
    EXPECT_EQ(run_task(store().read_at(key, {1ULL << 60, 10})), "");
}

Task<std::optional<std::string>> gather(ObjectStore& store, std::string key, GatheredBytes bytes, std::uint64_t size) {
    auto body = co_await store.gather(key, std::move(bytes), size);
    if (!body) co_return std::nullopt;
    co_return co_await read_body(*std::move(body));
}

TEST_P(ObjectStoreContract, GathersPieces) {
    auto const bytes = make_bytes(3'000'000);
    auto const key = new_key();
    run_task(put(store(), key, bytes));
    // Near and far, in any order, twice the same, empty, and the whole.
    std::vector<std::vector<ByteRange>> const cases{
        {},
        {{0, 0}},
        {{0, 3'000'000}},
        {{2'999'999, 1}},
        {{10, 20}, {40, 5}, {45, 1}, {300, 0}, {301, 9}},
        {{0, 1}, {400'000, 7}, {800'000, 100'000}, {1'500'000, 3}, {2'000'000, 1}, {2'900'000, 100'000}},
        {{2'000'000, 1000}, {0, 1000}, {1000, 500'000}},
        {{5, 10}, {5, 10}, {0, 300'000}},
    };
    for (auto const& runs : cases) {
        for (bool const has_lead : {false, true}) {
            std::string expected = has_lead ? "head-lead-" : "head-";
            for (auto const& run : runs) expected += bytes.substr(run.offset, run.length);
            GatheredBytes gathered{"head-", nullptr, runs};
            if (has_lead) gathered.lead = std::make_unique<MemorySource>("lead-", 2);
            EXPECT_EQ(run_task(gather(store(), key, std::move(gathered), bytes.size())), expected) << runs.size();
        }
    }
    auto const one = [] { return GatheredBytes{"", nullptr, {{0, 1}}}; };
    EXPECT_FALSE(run_task(gather(store(), new_key(), one(), 1))) << "nobody's key";
    EXPECT_FALSE(run_task(gather(store(), key, one(), bytes.size() + 1))) << "an object of another size";
    EXPECT_THROW(run_task(gather(store(), key, {"", nullptr, {{2'999'999, 2}}}, bytes.size())), std::out_of_range);
}

TEST_P(ObjectStoreContract, KnowsWhatIsNotThere) {
    auto const key = new_key();
    EXPECT_FALSE(run_task(store().stat(key)));
    EXPECT_FALSE(run_task(store().read_at(key, {0, 1})));
    EXPECT_FALSE(run_task(gives(store(), key, {0, 1}, 1)));
    EXPECT_FALSE(run_task(store().copy(key, new_key())));
    EXPECT_NO_THROW(run_task(store().remove(key)));
}

TEST_P(ObjectStoreContract, ShowsNothingBeforeTheCommit) {
    auto const key = new_key();
    auto const steps = [](ObjectStore& store, std::string name) -> Task<> {
        auto const write = co_await store.create(new_uuid().to_string());
        MemorySource source(make_bytes(600'000));
        auto const stored = co_await write->write(source, no_limit);
        EXPECT_TRUE(stored);
        auto const before = co_await store.stat(name);
        EXPECT_FALSE(before);
        co_await write->commit(name);
        auto const after = co_await store.stat(name);
        EXPECT_TRUE(after);
    };
    run_task(steps(store(), key));
    EXPECT_EQ(run_task(store().list("", "", 10)), std::vector{key});
}

TEST_P(ObjectStoreContract, LeavesNothingWithoutACommit) {
    auto const steps = [](ObjectStore& store) -> Task<> {
        auto const write = co_await store.create(new_uuid().to_string());
        MemorySource source(make_bytes(600'000));
        auto const stored = co_await write->write(source, no_limit);
        EXPECT_TRUE(stored);
    };
    run_task(steps(store()));
    EXPECT_TRUE(run_task(store().list("", "", 10)).empty());
}

TEST_P(ObjectStoreContract, LeavesLivingWritesToTheirWriters) {
    if (!tells_of_writes()) GTEST_SKIP() << "only rows tell";
    auto const steps = [](ObjectStore& store) -> Task<> {
        auto const id = new_uuid().to_string();
        auto write = co_await store.create(id);
        MemorySource source(make_bytes(600'000));
        auto const stored = co_await write->write(source, no_limit);
        EXPECT_TRUE(stored);
        auto const found = co_await store.list_uncommitted();
        EXPECT_TRUE(found.size() == 1 && found[0].write_id == id);
        bool const is_written = co_await store.is_being_written(id);
        EXPECT_TRUE(is_written);
        bool const is_taken = co_await store.remove_uncommitted(id);
        EXPECT_FALSE(is_taken);
        auto const key = new_key();
        co_await write->commit(key);
        write.reset();
        auto const left = co_await store.list_uncommitted();
        EXPECT_TRUE(left.empty());
        bool const is_written_still = co_await store.is_being_written(id);
        EXPECT_FALSE(is_written_still);
        auto const stat = co_await store.stat(key);
        EXPECT_TRUE(stat);
    };
    run_task(steps(store()));
}

TEST_P(ObjectStoreContract, PassesTheSourcesFailureOn) {
    for (std::size_t const size : {0UL, 1000UL, 600'000UL, 9'000'000UL}) {
        auto const key = new_key();
        auto const steps = [](ObjectStore& store, std::string name, std::size_t bytes) -> Task<> {
            auto const write = co_await store.create(new_uuid().to_string());
            write->set_labeller(label_with(name));
            MemorySource source(make_bytes(bytes));
            source.fail_at_end(Error(ErrorCode::malformed_multipart));
            auto const stored = co_await write->write(source, no_limit);
            EXPECT_TRUE(stored.has_error() && stored.error().code == ErrorCode::malformed_multipart);
            bool is_refused = false;
            try {
                co_await write->commit(name);
            } catch (std::logic_error const&) {
                is_refused = true;
            }
            EXPECT_TRUE(is_refused) << "half an object was committed";
        };
        run_task(steps(store(), key, size));
        EXPECT_FALSE(run_task(store().stat(key))) << size;
    }
}

TEST_P(ObjectStoreContract, StopsAtTheLimit) {
    for (std::size_t const limit : {0UL, 1000UL, 262'144UL, 600'000UL}) {
        auto const steps = [](ObjectStore& store, std::size_t max, std::size_t size) -> Task<bool> {
            auto const write = co_await store.create(new_uuid().to_string());
            MemorySource source(make_bytes(size), 1000);
            auto const stored = co_await write->write(source, max);
            if (stored) co_return true;
            EXPECT_EQ(stored.error().code, ErrorCode::upload_too_large);
            EXPECT_GE(source.left() + max + 1000, size) << "it read on";
            co_return false;
        };
        EXPECT_TRUE(run_task(steps(store(), limit, limit)));
        EXPECT_FALSE(run_task(steps(store(), limit, limit + 1)));
        EXPECT_FALSE(run_task(steps(store(), limit, limit + 5'000'000)));
    }
}

TEST_P(ObjectStoreContract, ListsInOrder) {
    EXPECT_TRUE(run_task(store().list("", "", 10)).empty());
    std::vector<std::string> keys;
    for (int i = 0; i < 5; ++i) {
        keys.push_back(old_key("video"));
        keys.push_back(new_key());
    }
    for (auto const& key : keys) run_task(put(store(), key, "x"));
    std::sort(keys.begin(), keys.end());
    EXPECT_EQ(run_task(store().list("", "", 100)), keys);
    EXPECT_EQ(run_task(store().list("", keys[3], 4)), (std::vector(keys.begin() + 4, keys.begin() + 8)));
    EXPECT_EQ(run_task(store().list("", "", 3)), (std::vector(keys.begin(), keys.begin() + 3)));
    EXPECT_EQ(run_task(store().list("video/", "", 100)), (std::vector(keys.begin() + 5, keys.end())));
    EXPECT_EQ(run_task(store().list("vid", keys[8], 100)), (std::vector(keys.begin() + 9, keys.end())));
    EXPECT_EQ(run_task(store().list(keys[2], "", 100)), (std::vector{keys[2]}));
    EXPECT_TRUE(run_task(store().list("image/", "", 100)).empty());
    EXPECT_TRUE(run_task(store().list("", keys.back(), 100)).empty());
}

TEST_P(ObjectStoreContract, Copies) {
    auto const from = new_key();
    auto const to = old_key("audio");
    auto const back = new_key();
    auto const bytes = make_bytes(1'000'000);
    run_task(put(store(), from, bytes));
    EXPECT_TRUE(run_task(store().copy(from, to)));
    EXPECT_TRUE(run_task(get(store(), to, {0, bytes.size()})) == bytes);
    run_task(store().remove(from));
    EXPECT_TRUE(run_task(get(store(), to, {0, bytes.size()})) == bytes);
    EXPECT_TRUE(run_task(store().copy(to, back)));
    EXPECT_TRUE(run_task(get(store(), back, {0, bytes.size()})) == bytes);
}

TEST_P(ObjectStoreContract, RemovesWhatItHasServed) {
    auto const key = new_key();
    run_task(put(store(), key, "bytes"));
    EXPECT_EQ(run_task(get(store(), key, {0, 5})), "bytes");
    run_task(store().remove(key));
    EXPECT_FALSE(run_task(gives(store(), key, {0, 5}, 5)));
    EXPECT_FALSE(run_task(store().read_at(key, {0, 5})));
    EXPECT_FALSE(run_task(store().stat(key)));
    EXPECT_TRUE(run_task(store().list("", "", 10)).empty());
    EXPECT_NO_THROW(run_task(store().remove(key)));
}

TEST_P(ObjectStoreContract, GivesNothingOfAnObjectOfAnotherSize) {
    auto const key = new_key();
    run_task(put(store(), key, "bytes"));
    EXPECT_FALSE(run_task(gives(store(), key, {0, 6}, 6)));
    EXPECT_FALSE(run_task(gives(store(), key, {0, 2}, 6)));
    EXPECT_FALSE(run_task(gives(store(), key, {0, 2}, 4)));
    EXPECT_TRUE(run_task(gives(store(), key, {0, 2}, 5)));
}

/// What a body gives whose object is removed before the first byte; nothing when the body is no open file.
Task<std::optional<std::string>> read_removed(ObjectStore& store, std::string key, ByteRange range,
                                              std::uint64_t size) {
    auto body = (co_await store.body(key, range, size)).value();
    if (!std::holds_alternative<FileSlice>(body)) co_return std::nullopt;
    co_await store.remove(key);
    co_return co_await read_body(std::move(body));
}

TEST_P(ObjectStoreContract, ServesOnWhatIsRemovedMeanwhile) {
    auto const key = new_key();
    auto const bytes = make_bytes(100'000);
    run_task(put(store(), key, bytes));
    auto const read = run_task(read_removed(store(), key, {10, 1000}, bytes.size()));
    if (!read) GTEST_SKIP() << "only an open file outlives its removal";
    EXPECT_EQ(*read, bytes.substr(10, 1000));
}

TEST_P(ObjectStoreContract, IsHealthy) {
    EXPECT_TRUE(run_task(store().check()));
    EXPECT_TRUE(run_task(store().list("", "", 10)).empty());
    auto const free = run_task(store().free_space());
    EXPECT_TRUE(!free || *free > 0);
    EXPECT_FALSE(store().name().empty());
}

}  // namespace
}  // namespace clinikk::testing
