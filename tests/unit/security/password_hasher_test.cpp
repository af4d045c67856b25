#include "security/password_hasher.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <future>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "domain/values.hpp"
#include "support/run_task.hpp"

namespace clinikk {
namespace {

using testing::run_task;

class PasswordHasherTest : public ::testing::Test {
protected:
    std::string hash(std::string_view password) { return run_task(hasher_->hash(password, {})).value(); }
    bool verify(std::string_view password, std::string_view hash) {
        return run_task(hasher_->verify(password, hash, {})).value();
    }

    BlockingPool pool_{1};
    std::unique_ptr<PasswordHasher> hasher_ = make_password_hasher(pool_, {1, 64 * 1024}, 1);
};

TEST_F(PasswordHasherTest, VerifiesWhatItHashed) {
    auto const made = hash("correct horse");
    EXPECT_TRUE(made.starts_with("$argon2id$v=19$m=64,t=1,p=1$")) << made;
    EXPECT_TRUE(verify("correct horse", made));
    EXPECT_FALSE(verify("correct horsf", made));
    EXPECT_FALSE(verify("correct hors", made));
    EXPECT_FALSE(verify("", made));
    EXPECT_NE(hash("correct horse"), made) << "no salt";
}

TEST_F(PasswordHasherTest, DefaultsToTheRecommendedCost) {
    auto const hasher = make_password_hasher(pool_, {}, 1);
    auto const made = run_task(hasher->hash("correct horse", {})).value();
    EXPECT_TRUE(made.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << made;
}

TEST_F(PasswordHasherTest, ComparesInNfkc) {
    auto const made = hash("p\u00E4ssw\u00F6rd \uFB01");
    EXPECT_TRUE(verify("pa\u0308sswo\u0308rd fi", made));
    EXPECT_FALSE(verify("passwrd fi", made));
}

TEST_F(PasswordHasherTest, SeesNulCharacters) {
    auto const made = hash(std::string_view("pass\0word", 9));
    EXPECT_FALSE(verify("pass", made));
    EXPECT_TRUE(verify(std::string_view("pass\0word", 9), made));
}

TEST_F(PasswordHasherTest, SaysNoToUnusableInput) {
    auto const made = hash("correct horse");
    EXPECT_FALSE(verify("correct horse", ""));
    EXPECT_FALSE(verify("", ""));
    EXPECT_FALSE(verify("correct horse\xFF", made));
    EXPECT_FALSE(verify("correct horse", "$argon2id$v=19$m=64"));
    EXPECT_FALSE(verify("correct horse", "correct horse"));
    EXPECT_FALSE(verify("correct horse", "$2b$04$short"));
}

TEST_F(PasswordHasherTest, LimitsTheLength) {
    std::string const longest(max_password_bytes, 'x');
    auto const made = hash(longest);
    EXPECT_TRUE(verify(longest, made));
    EXPECT_FALSE(verify(longest + 'x', made));
    EXPECT_FALSE(verify(longest + 'x', hash(longest + 'x')));
}

TEST_F(PasswordHasherTest, KnowsBcrypt) {
    // The raw bytes of "pässwörd" in NFC, cost 4, by three makers' prefixes.
    for (std::string const prefix : {"$2a$", "$2b$", "$2y$"}) {
        auto const known = prefix + "04$abcdefghijklmnopqrstuuyx2n0Zzopyr9QuYTMCfOJJOj526QVoC";
        EXPECT_TRUE(verify("p\u00E4ssw\u00F6rd", known)) << prefix;
        EXPECT_FALSE(verify("pa\u0308sswo\u0308rd", known)) << prefix;
        EXPECT_FALSE(verify(std::string_view("p\u00E4ssw\u00F6rd\0", 11), known)) << prefix;
    }
}

TEST_F(PasswordHasherTest, ComparesWhatBcryptReads) {
    // bcrypt stops after 72 bytes, and libcrypt refuses more than 512.
    std::string const known = "$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i";
    EXPECT_TRUE(verify(std::string(72, 'x'), known));
    EXPECT_TRUE(verify(std::string(600, 'x'), known));
    EXPECT_FALSE(verify(std::string(71, 'x'), known));
}

TEST_F(PasswordHasherTest, RenewsHashesOfAnotherKindOrCost) {
    auto const made = hash("correct horse");
    EXPECT_FALSE(hasher_->is_outdated(made));
    EXPECT_TRUE(make_password_hasher(pool_, {2, 64 * 1024}, 1)->is_outdated(made)) << "more iterations";
    EXPECT_TRUE(make_password_hasher(pool_, {1, 128 * 1024}, 1)->is_outdated(made)) << "more memory";
    EXPECT_TRUE(make_password_hasher(pool_, {1, 32 * 1024}, 1)->is_outdated(made)) << "less memory";
    for (std::string const other :
         {"$2b$04$abcdefghijklmnopqrstuuyx2n0Zzopyr9QuYTMCfOJJOj526QVoC", "", "!", "$argon2id$",
          "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$MjkMN2RWzDQfXpQwBWmMeQMcE2u1WGVjTqGUuXnV5Yk",
          "$argon2id$v=19$m=64,t=1,p=2$c29tZXNhbHRzb21lc2FsdA$MjkMN2RWzDQfXpQwBWmMeQMcE2u1WGVjTqGUuXnV5Yk"}) {
        EXPECT_TRUE(hasher_->is_outdated(other)) << other;
    }
}

/// An unknown address must not answer faster: with no hash, with too long a password, with bytes that are not UTF-8.
TEST_F(PasswordHasherTest, RefusesAtTheSameCost) {
    auto const hasher = make_password_hasher(pool_, {2, 8 * 1024 * 1024}, 1);
    auto const made = run_task(hasher->hash("correct horse", {})).value();
    auto const duration = [&](std::string_view password, std::string_view known) {
        // Processor time: what else runs on the machine does not count.
        auto best = std::numeric_limits<std::clock_t>::max();
        for (int i = 0; i < 5; ++i) {
            auto const start = std::clock();
            EXPECT_FALSE(run_task(hasher->verify(password, known, {})).value());
            best = std::min(best, std::clock() - start);
        }
        return static_cast<double>(best);
    };
    auto const wrong = duration("incorrect horse", made);
    for (auto const refused : {duration("incorrect horse", ""),
                               duration(std::string(max_password_bytes + 1, 'x'), made), duration("\xFF", made)}) {
        EXPECT_GT(refused, wrong * 0.5);
        EXPECT_LT(refused, wrong * 2);
    }
}

TEST_F(PasswordHasherTest, RefusesWhenTooManyWait) {
    // As long as the pool does something else nobody is served.
    std::promise<void> open;
    auto const gate = open.get_future().share();
    pool_.post([gate] { gate.wait(); });
    auto const hasher = make_password_hasher(pool_, {1, 64 * 1024}, 4);
    boost::asio::io_context loop;
    auto const verify_soon = [&](HashingClient client) {
        return boost::asio::co_spawn(loop, hasher->verify("correct horse", "", std::move(client)),
                                     boost::asio::use_future);
    };
    std::vector<std::future<Result<bool>>> waiting;
    for (int i = 0; i < 3; ++i) waiting.push_back(verify_soon({}));
    loop.poll();
    auto const refused = run_task(hasher->verify("correct horse", "", {}));
    auto const refused_hash = run_task(hasher->hash("correct horse", {}));
    auto known = verify_soon({"192.0.2.1", true});
    open.set_value();
    loop.run();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    EXPECT_GE(refused.error().retry_after, std::chrono::seconds(1));
    ASSERT_FALSE(refused_hash);
    EXPECT_EQ(refused_hash.error().code, ErrorCode::unavailable);
    for (auto& one : waiting) EXPECT_TRUE(one.get().has_value());
    EXPECT_TRUE(known.get().has_value()) << "a place is kept for known clients";
    EXPECT_TRUE(run_task(hasher->verify("correct horse", "", {})).has_value()) << "its place is free again";
}

TEST_F(PasswordHasherTest, RefusesImpossibleCosts) {
    EXPECT_THROW(make_password_hasher(pool_, {0, 64 * 1024}, 1), std::invalid_argument);
    EXPECT_THROW(make_password_hasher(pool_, {1, 1024}, 1), std::invalid_argument);
}

}  // namespace
}  // namespace clinikk
