#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "domain/object_stores.hpp"
#include "service/account_link_service.hpp"
#include "service/account_remover.hpp"
#include "service/api_key_service.hpp"
#include "service/backfiller.hpp"
#include "service/collector.hpp"
#include "service/content_service.hpp"
#include "service/direct_upload_service.hpp"
#include "service/mover.hpp"
#include "service/playback_service.hpp"
#include "service/resumable_upload_service.hpp"
#include "service/second_factor_service.hpp"
#include "service/session_service.hpp"
#include "service/upload_core.hpp"
#include "service/upload_service.hpp"
#include "service/user_service.hpp"
#include "service/verifier.hpp"
#include "support/fakes/fake_credentials.hpp"
#include "support/fakes/fake_database.hpp"
#include "support/fakes/fake_mailer.hpp"
#include "support/fakes/fake_media_inspector.hpp"
#include "support/fakes/fake_object_store.hpp"
#include "support/fakes/fake_signals.hpp"
#include "support/fakes/test_clock.hpp"
#include "support/run_task.hpp"

namespace clinikk::testing {

inline constexpr std::chrono::hours collector_grace{1};
inline constexpr std::chrono::hours direct_upload_life{24};
inline constexpr std::chrono::minutes session_life{60};
inline constexpr std::chrono::days refresh_life{30};

/// What outlives processes: time, the database and the stores.
struct World {
    TestClock clock;
    FakeDatabase database;
    FakeStorage disk{.kind = FakeStorage::Kind::disk};
    FakeStorage bucket{.kind = FakeStorage::Kind::bucket};
    Log log{LogLevel::error, LogFormat::text};

    FakeStorage& storage(std::string_view name) { return name == "local" ? disk : bucket; }

    /// An account, and a login of it that lasts for ever.
    Caller add_caller(std::string const& name, Role role = Role::editor);

    /// A content with its object, as an upload makes them.
    Content add_content(FakeStorage::Kind kind, std::string bytes = "video bytes");

    /// All objects become as those that were taken over: only their places are known.
    void forget_facts();

    Tables tables() const { return database.snapshot().tables; }
    void change(std::function<void(Tables&)> const& work) { database.write(work); }

    /// Every content whose row names an object has its bytes, and a row tells of every upload that a bucket has:
    /// without one nobody would ever remove its parts.
    void expect_nothing_lost();

    /// After the collector of another process has run, and time has passed, there is nothing that nobody has.
    void expect_nothing_left();
};

inline constexpr UploadLimits default_limits{.max_size = 1'000'000};

/// One process: its ways to the world, and its services. New objects go to the store of that kind.
struct Process {
    Process(World& world_in, FakeStorage::Kind kind, std::string const& holder = "process",
            UploadLimits const& limits_in = default_limits);

    World& world;
    Calls calls;
    FakeUnitOfWork work{world.database, calls};
    FakeObjectStore disk{world.disk, world.clock, calls};
    FakeObjectStore bucket{world.bucket, world.clock, calls};
    ObjectStores stores;
    FakeMediaInspector inspector{calls};
    FakeSignals signals{world.database};
    FakePasswordHasher hasher{calls};
    FakeMailer mailer;
    FakeAccessTokens tokens{session_life};
    FakeSecretBox box;
    SecondFactor second_factor{box, world.log};

    Throttle throttle{work, world.clock, true};

    UploadCore core;
    UserService users{work, hasher, world.clock};
    SessionService sessions{
        work, hasher, tokens, second_factor, throttle, world.clock, {.refresh_life = refresh_life}, world.log};
    SecondFactorService second_factors{work, sessions, second_factor, throttle, box, world.clock};
    ApiKeyService api_keys{work, world.clock, world.log};
    AccountRemover remover{work, world.clock, world.log};
    AccountLinkService links{work,        hasher,
                             throttle,    &mailer,
                             world.clock, {"https://app.example/reset#{token}", "https://app.example/verify#{token}"},
                             world.log};
    ContentService contents{work, stores, world.clock, Visibility::public_, world.log};
    PlaybackService playback{work, stores, {}, world.log};
    UploadService uploads;
    DirectUploadService direct_uploads;
    ResumableUploadService resumable_uploads;
    Collector collector;
    Mover mover;
    Backfiller backfiller;
    Verifier verifier{work, stores};

    Collection collect();
    Collection collect_strays();
};

/// What a task returns; nothing when it throws.
template <class T>
std::optional<T> outcome_of(Task<T> task) {
    try {
        return run_task(std::move(task));
    } catch (std::exception const&) {
        return std::nullopt;
    }
}

}  // namespace clinikk::testing
