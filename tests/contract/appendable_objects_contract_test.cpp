#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/system_clock.hpp"
#include "base/sha256.hpp"
#include "base/uuid.hpp"
#include "contract/object_store_contract.hpp"
#include "contract/s3_under_test.hpp"
#include "domain/appendable_objects.hpp"
#include "storage/local_object_store.hpp"
#include "support/run_task.hpp"
#include "support/temporary_directory.hpp"

namespace clinikk::testing {
namespace {

constexpr std::uint64_t no_limit = 1ULL << 36;
constexpr std::size_t mib = 1024UL * 1024;
/// S3 takes no smaller parts but the last.
constexpr std::size_t least_part = 5 * mib;

class LocalAppends final : public StoreUnderTest {
public:
    explicit LocalAppends(std::uint64_t reserve = 0)
        : store_(open_local_object_store({directory_.path() / "objects", directory_.path() / "temporary", reserve},
                                         clock_, pool_, log_)) {}
    ObjectStore& store() override { return *store_; }

private:
    TemporaryDirectory directory_;
    Log log_{LogLevel::error, LogFormat::text};
    app::SystemClock clock_;
    BlockingPool pool_{2};
    std::unique_ptr<ObjectStore> store_;
};

class S3Appends final : public StoreUnderTest {
public:
    ObjectStore& store() override { return bucket_.store(); }
    bool tells_of_writes() const override { return false; }

private:
    S3UnderTest bucket_;
};

std::vector<MakeStore> all_stores() {
    std::vector<MakeStore> all{[]() -> std::unique_ptr<StoreUnderTest> { return std::make_unique<LocalAppends>(); }};
    if (has_test_bucket()) {
        all.push_back([]() -> std::unique_ptr<StoreUnderTest> { return std::make_unique<S3Appends>(); });
    }
    return all;
}

/// Bytes in which no two blocks are alike.
std::string make_bytes(std::size_t size, std::uint32_t seed = 1) {
    std::string bytes(size, '\0');
    auto state = static_cast<std::uint32_t>(size) * 7919 + seed;
    for (auto& byte : bytes) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<char>(state >> 24);
    }
    return bytes;
}

/// One upload as a service sees it: the state that it has recorded, and the bytes that must come out.
struct Upload {
    std::string id = new_uuid().to_string();
    AppendState state{};
    std::string bytes{};
    std::optional<std::uint64_t> length{};

    std::string key() const { return "objects/" + id; }
};

class AppendableObjectsContract : public ::testing::TestWithParam<MakeStore> {
public:
    ObjectStore& store() { return under_test_->store(); }
    AppendableObjects& appendable() { return store().appendable(); }
    /// Whether the store is a bucket.
    bool is_bucket() const { return !under_test_->tells_of_writes(); }

    auto open(Upload const& upload, std::shared_ptr<Sha256> hash = nullptr, std::uint64_t max_size = no_limit) {
        return appendable().open(upload.id, upload.state, upload.length, max_size, std::move(hash));
    }

    static Task<> write(ObjectAppend& append, std::string_view bytes) {
        for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(bytes.size(), 100'000))) {
            auto const written = co_await append.write(bytes.substr(0, 100'000));
            EXPECT_TRUE(written);
        }
    }

    /// One whole request.
    Task<> append(Upload& upload, std::string bytes, std::shared_ptr<Sha256> hash = nullptr) {
        auto const object = (co_await open(upload, std::move(hash))).value();
        co_await write(*object, bytes);
        upload.state = (co_await object->save(true)).value();
        co_await object->settle();
        upload.bytes += bytes;
        EXPECT_EQ(upload.state.size, upload.bytes.size());
    }

    /// Completes the object and compares it; nothing else may be left of it.
    Task<> complete(Upload const& upload) {
        auto const completed = co_await appendable().complete(upload.id, upload.state);
        EXPECT_TRUE(completed);
        co_await expect_only(upload);
    }

    Task<> expect_only(Upload const& upload) {
        auto const found = co_await store().stat(upload.key());
        EXPECT_EQ(found.value().size, upload.bytes.size());
        ByteRange const all{0, upload.bytes.size()};
        bool const is_equal = co_await store().read_at(upload.key(), all) == upload.bytes;
        EXPECT_TRUE(is_equal);
        auto const keys = co_await store().list(upload.key(), "", 10);
        EXPECT_EQ(keys, std::vector{upload.key()});
        bool const had_more = co_await store().remove_uncommitted(upload.id);
        EXPECT_FALSE(had_more);
    }

    Task<> expect_lost(Upload const& upload) {
        auto const opened = co_await open(upload);
        EXPECT_EQ(opened.error().code, ErrorCode::upload_lost);
        auto const completed = co_await appendable().complete(upload.id, upload.state);
        EXPECT_EQ(completed.error().code, ErrorCode::upload_lost);
        std::vector<AppendableObjects::Piece> const pieces{{upload.id, upload.state}};
        auto const joined = co_await appendable().concatenate(new_uuid().to_string(), pieces, no_limit);
        EXPECT_EQ(joined.error().code, ErrorCode::upload_lost);
    }

    /// An upload in chunks of these sizes.
    Task<> upload_in(std::vector<std::size_t> chunks, bool is_length_known) {
        Upload upload;
        if (is_length_known) upload.length = 0;
        for (auto const size : chunks) {
            if (upload.length) *upload.length += size;
        }
        auto const hash = std::make_shared<Sha256>();
        for (auto const size : chunks) {
            co_await append(upload, make_bytes(size), hash);
            auto const seen = co_await store().stat(upload.key());
            EXPECT_FALSE(seen);
        }
        EXPECT_EQ(hash->finish(), Sha256::of(upload.bytes));
        co_await complete(upload);
    }

    std::unique_ptr<StoreUnderTest> under_test_ = GetParam()();
};
INSTANTIATE_TEST_SUITE_P(Stores, AppendableObjectsContract, ::testing::ValuesIn(all_stores()));

TEST_P(AppendableObjectsContract, MakesAnObjectOfChunks) {
    std::vector<std::vector<std::size_t>> const uploads{
        {},
        {0},
        {1},
        {1, 0, 1, 1},
        {least_part - 1},
        {least_part},
        {least_part + 1},
        {least_part - 1, 1, least_part, 3},
        {least_part, least_part, 1},
        {8 * mib, 8 * mib, 100},
        {17 * mib},
        {123, 3 * mib, 1, 6 * mib + 11, 2 * mib, 5 * mib - 134},
    };
    for (auto const& chunks : uploads) {
        run_task(upload_in(chunks, false));
        run_task(upload_in(chunks, true));
    }
}

TEST_P(AppendableObjectsContract, BytesAfterTheLastSaveAreDropped) {
    run_task([](AppendableObjectsContract& self) -> Task<> {
        Upload upload;
        co_await self.append(upload, make_bytes(3 * mib));
        for (auto const size : {std::size_t(1), 600'000UL, 7 * mib, 20 * mib}) {
            auto const cut = (co_await self.open(upload)).value();
            co_await self.write(*cut, make_bytes(size, 2));
        }
        co_await self.append(upload, make_bytes(9 * mib));
        co_await self.complete(upload);
    }(*this));
}

TEST_P(AppendableObjectsContract, SavesWhileBytesArrive) {
    run_task([](AppendableObjectsContract& self) -> Task<> {
        Upload upload;
        auto const bytes = make_bytes(40 * mib);
        {
            auto const cut = (co_await self.open(upload)).value();
            for (std::size_t done = 0; done < bytes.size(); done += 4 * mib) {
                co_await self.write(*cut, std::string_view(bytes).substr(done, 4 * mib));
                auto const saved = (co_await cut->save(false)).value();
                EXPECT_GE(saved.size, upload.state.size);
                EXPECT_LE(saved.size, done + 4 * mib);
                upload.state = saved;
                co_await cut->settle();
            }
            // A bucket may still be taking the parts.
            app::SystemClock clock;
            auto const timer = clock.make_timer(co_await boost::asio::this_coro::executor);
            for (int i = 0; i < 1000 && upload.state.size < 32 * mib; ++i) {
                co_await timer->wait(std::chrono::milliseconds(50));
                upload.state = (co_await cut->save(false)).value();
            }
        }
        EXPECT_GE(upload.state.size, 32 * mib);
        upload.bytes = bytes.substr(0, upload.state.size);
        co_await self.append(upload, bytes.substr(upload.state.size));
        co_await self.complete(upload);
    }(*this));
}

TEST_P(AppendableObjectsContract, ASaveThatWasNotRecordedTakesNothingAway) {
    run_task([](AppendableObjectsContract& self) -> Task<> {
        for (auto const first : {std::size_t(0), std::size_t(1000), least_part + 7, 9 * mib}) {
            for (auto const second : {std::size_t(10), 4 * mib, 9 * mib}) {
                Upload upload;
                if (first > 0) co_await self.append(upload, make_bytes(first));
                {
                    auto const crashed = (co_await self.open(upload)).value();
                    co_await self.write(*crashed, make_bytes(second, 2));
                    auto const unrecorded = co_await crashed->save(true);
                    EXPECT_EQ(unrecorded.value().size, first + second);
                }
                co_await self.append(upload, make_bytes(second, 3));
                co_await self.complete(upload);
            }
        }
    }(*this));
}

TEST_P(AppendableObjectsContract, ARecordedSaveNeedsNoSettling) {
    run_task([](AppendableObjectsContract& self) -> Task<> {
        Upload upload;
        co_await self.append(upload, make_bytes(2 * mib));
        auto const more = make_bytes(mib, 2);
        {
            auto const crashed = (co_await self.open(upload)).value();
            co_await self.write(*crashed, more);
            upload.state = (co_await crashed->save(true)).value();
            upload.bytes += more;
        }
        co_await self.complete(upload);
    }(*this));
}

TEST_P(AppendableObjectsContract, DiscardsWhatWasNotSaved) {
    run_task([](AppendableObjectsContract& self) -> Task<> {
        for (auto const size : {std::size_t(10), 4 * mib, 17 * mib}) {
            Upload upload;
            co_await self.append(upload, make_bytes(1'000'000));
            auto object = (co_await self.open(upload)).value();
            co_await self.write(*object, make_bytes(size, 2));
            co_await object->discard();
            auto const unchanged = (co_await object->save(true)).value();
            EXPECT_EQ(unchanged.size, upload.state.size);
            auto const right = make_bytes(size, 3);
            co_await self.write(*object, right);
            upload.state = (co_await object->save(true)).value();
            upload.bytes += right;
            object.reset();
            co_await self.complete(upload);
        }
    }(*this));
}

TEST_P(AppendableObjectsContract, CompletingAgainIsTheSame) {
    run_task([](AppendableObjectsContract& self) -> Task<> {
        for (auto const size : {std::size_t(0), std::size_t(1), least_part + 1, 9 * mib}) {
            Upload upload;
            co_await self.append(upload, make_bytes(size));
            co_await self.complete(upload);
            co_await self.complete(upload);
        }
    }(*this));
}

TEST_P(AppendableObjectsContract, BytesOfACutRequestDoNotBecomePartOfTheObject) {
    run_task([](AppendableObjectsContract& self) -> Task<> {
        Upload upload;
        co_await self.append(upload, make_bytes(100));
        {
            auto const cut = (co_await self.open(upload)).value();
            co_await self.write(*cut, make_bytes(9 * mib, 2));
            auto const unrecorded = co_await cut->save(true);
            EXPECT_TRUE(unrecorded);
        }
        co_await self.complete(upload);
    }(*this));
}

TEST_P(AppendableObjectsContract, JoinsPieces) {
    run_task([](AppendableObjectsContract& self) -> Task<> {
        std::vector<Upload> uploads(6);
        std::vector<std::size_t> const sizes{10, least_part + 1, 0, 17 * mib, 4 * mib, least_part - 1};
        for (std::size_t i = 0; i < sizes.size(); ++i) {
            co_await self.append(uploads[i], make_bytes(sizes[i] / 2));
            co_await self.append(uploads[i], make_bytes(sizes[i] - sizes[i] / 2, 2));
        }
        Upload joined;
        std::vector<AppendableObjects::Piece> pieces;
        for (std::size_t const at : {0, 1, 2, 3, 1, 4, 5, 0}) {
            pieces.push_back({uploads[at].id, uploads[at].state});
            joined.bytes += uploads[at].bytes;
        }
        // The first time the process dies before it can record the state.
        for (int attempt = 0; attempt < 2; ++attempt) {
            auto const state = co_await self.appendable().concatenate(joined.id, pieces, joined.bytes.size());
            joined.state = state.value();
            EXPECT_EQ(joined.state.size, joined.bytes.size());
        }
        co_await self.complete(joined);
        auto const too_large =
            co_await self.appendable().concatenate(new_uuid().to_string(), pieces, joined.bytes.size() - 1);
        EXPECT_EQ(too_large.error().code, ErrorCode::upload_too_large);
        for (auto const& upload : uploads) {
            co_await self.complete(upload);
            co_await self.appendable().remove(upload.id, upload.state);
        }
        co_await self.expect_only(joined);
    }(*this));
}

TEST_P(AppendableObjectsContract, RemovesAllBytes) {
    run_task([](AppendableObjectsContract& self) -> Task<> {
        for (auto const size : {std::size_t(0), std::size_t(100), 9 * mib}) {
            for (bool const is_complete : {false, true}) {
                Upload upload;
                co_await self.append(upload, make_bytes(size));
                if (is_complete) co_await self.complete(upload);
                co_await self.appendable().remove(upload.id, upload.state);
                auto const keys = co_await self.store().list("", "", 10);
                EXPECT_TRUE(keys.empty());
                auto const uncommitted = co_await self.store().list_uncommitted();
                EXPECT_TRUE(uncommitted.empty());
                bool const had_more = co_await self.store().remove_uncommitted(upload.id);
                EXPECT_FALSE(had_more);
                if (size > 0) co_await self.expect_lost(upload);
                co_await self.appendable().remove(upload.id, upload.state);
            }
        }
    }(*this));
}

TEST_P(AppendableObjectsContract, BytesThatAreMissingAreNoticed) {
    run_task([](AppendableObjectsContract& self) -> Task<> {
        Upload upload;
        co_await self.append(upload, make_bytes(9 * mib));
        co_await self.append(upload, make_bytes(100, 2));
        Upload behind = upload;
        co_await self.append(upload, make_bytes(100, 3));
        co_await self.appendable().remove(upload.id, behind.state);
        co_await self.expect_lost(upload);
    }(*this));
}

TEST_P(AppendableObjectsContract, TakesNoMoreThanTheLimit) {
    run_task([](AppendableObjectsContract& self) -> Task<> {
        Upload upload;
        auto const object = (co_await self.open(upload, nullptr, 1000)).value();
        auto const fits = co_await object->write(std::string(1000, 'a'));
        EXPECT_TRUE(fits);
        auto const exceeds = co_await object->write("b");
        EXPECT_EQ(exceeds.error().code, ErrorCode::upload_too_large);
    }(*this));
}

/// The row of the upload is the lock of a bucket.
TEST_P(AppendableObjectsContract, ADiskLetsOneWriterIn) {
    if (is_bucket()) GTEST_SKIP();
    run_task([](AppendableObjectsContract& self) -> Task<> {
        Upload upload;
        auto first = (co_await self.open(upload)).value();
        auto const second = co_await self.open(upload);
        EXPECT_EQ(second.error().code, ErrorCode::upload_locked);
        bool const is_written = co_await self.store().is_being_written(upload.id);
        EXPECT_TRUE(is_written);
        bool const is_removed = co_await self.store().remove_uncommitted(upload.id);
        EXPECT_FALSE(is_removed);
        first.reset();
        bool const is_still_written = co_await self.store().is_being_written(upload.id);
        EXPECT_FALSE(is_still_written);
        co_await self.append(upload, "some bytes");
        bool const is_abandoned = co_await self.store().remove_uncommitted(upload.id);
        EXPECT_TRUE(is_abandoned);
        co_await self.expect_lost(upload);
    }(*this));
}

TEST_P(AppendableObjectsContract, ABucketNeverMixesTheBytesOfTwoWriters) {
    if (!is_bucket()) GTEST_SKIP();
    run_task([](AppendableObjectsContract& self) -> Task<> {
        // Enough for parts: both writers send part 2.
        Upload upload;
        co_await self.append(upload, make_bytes(7 * mib));
        auto const paused = (co_await self.open(upload)).value();
        co_await self.append(upload, make_bytes(7 * mib, 2));
        co_await self.write(*paused, make_bytes(7 * mib, 3));
        auto const late = co_await paused->save(true);
        EXPECT_TRUE(late);
        auto const completed = co_await self.appendable().complete(upload.id, upload.state);
        EXPECT_EQ(completed.error().code, ErrorCode::upload_lost);

        Upload small;
        co_await self.append(small, make_bytes(10));
        auto const paused_too = (co_await self.open(small)).value();
        co_await self.append(small, make_bytes(20, 2));
        co_await self.write(*paused_too, make_bytes(20, 3));
        auto const late_too = co_await paused_too->save(true);
        EXPECT_TRUE(late_too);
        co_await paused_too->settle();
        co_await self.complete(small);
    }(*this));
}

/// More appends than there is memory for parts.
TEST_P(AppendableObjectsContract, ManyAppendsShareTheMemory) {
    boost::asio::io_context loop;
    std::vector<std::future<void>> outcomes;
    auto const one = [](AppendableObjectsContract& self) -> Task<> {
        Upload upload;
        co_await self.append(upload, make_bytes(mib));
        co_await self.append(upload, make_bytes(9 * mib, 2));
        co_await self.append(upload, make_bytes(mib, 3));
        co_await self.complete(upload);
    };
    for (int i = 0; i < 20; ++i) {
        outcomes.push_back(boost::asio::co_spawn(loop, one(*this), boost::asio::use_future));
    }
    loop.run_for(std::chrono::minutes(5));
    for (auto& outcome : outcomes) {
        ASSERT_EQ(outcome.wait_for(std::chrono::seconds(0)), std::future_status::ready);
        EXPECT_NO_THROW(outcome.get());
    }
}

TEST(LocalAppends, KeepTheReserveFree) {
    LocalAppends full(1ULL << 60);
    auto& appendable = full.store().appendable();
    run_task([](AppendableObjects& self) -> Task<> {
        auto const id = new_uuid().to_string();
        AppendState const none;
        auto const object = (co_await self.open(id, none, std::nullopt, no_limit, nullptr)).value();
        std::string const bytes(100'000, 'a');
        std::optional<ErrorCode> failure;
        for (int i = 0; i < 40 && !failure; ++i) {
            auto const written = co_await object->write(bytes);
            if (!written) failure = written.error().code;
        }
        EXPECT_EQ(failure, ErrorCode::insufficient_storage);
        // What did fit can still be saved.
        auto const saved = co_await object->save(true);
        EXPECT_EQ(saved.value().size, 0U);

        auto const small = (co_await self.open(new_uuid().to_string(), none, std::nullopt, no_limit, nullptr)).value();
        auto const written = co_await small->write("a");
        EXPECT_TRUE(written);
        auto const refused = co_await small->save(true);
        EXPECT_EQ(refused.error().code, ErrorCode::insufficient_storage);
        std::vector<AppendableObjects::Piece> const pieces{{id, none}};
        auto const joined = co_await self.concatenate(new_uuid().to_string(), pieces, no_limit);
        EXPECT_EQ(joined.error().code, ErrorCode::insufficient_storage);
    }(appendable));
}

}  // namespace
}  // namespace clinikk::testing
