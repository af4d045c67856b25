#include "support/fakes/fake_database.hpp"

#include "support/fakes/fake_repositories.hpp"

namespace clinikk::testing {
namespace {

TableAccess access_to(FakeDatabase& database) {
    return {[&database](auto const& work) { database.read(work); },
            [&database](auto const& work) { database.write(work); }};
}

TableAccess access_to(Tables& tables) {
    return {[&tables](auto const& work) { work(tables); }, [&tables](auto const& work) { work(tables); }};
}

}  // namespace

FakeDatabase::Snapshot FakeDatabase::snapshot() const {
    std::lock_guard const lock(mutex_);
    return {version_, tables_};
}

std::uint64_t FakeDatabase::version() const {
    std::lock_guard const lock(mutex_);
    return version_;
}

bool FakeDatabase::commit(Snapshot changed) {
    std::lock_guard const lock(mutex_);
    if (version_ != changed.version) return false;
    ++version_;
    tables_ = std::move(changed.tables);
    return true;
}

void FakeDatabase::read(std::function<void(Tables const&)> const& work) const {
    std::lock_guard const lock(mutex_);
    work(tables_);
}

void FakeDatabase::write(std::function<void(Tables&)> const& work) {
    std::lock_guard const lock(mutex_);
    work(tables_);
    ++version_;
}

FakeUnitOfWork::FakeUnitOfWork(FakeDatabase& database, Calls& calls)
    : database_(database), calls_(calls), repositories_(make_fake_repositories(access_to(database), calls)) {}

FakeUnitOfWork::~FakeUnitOfWork() = default;

Task<Result<void>> FakeUnitOfWork::transaction(Steps steps) {
    while (true) {
        auto changed = database_.snapshot();
        auto const repositories = make_fake_repositories(access_to(changed.tables), calls_);
        auto const done = co_await steps(*repositories);
        if (!done) co_return done.error();
        auto const commit = [&] { return database_.commit(std::move(changed)); };
        bool const committed = co_await calls_.make("commit", commit);
        if (committed) co_return Result<void>{};
    }
}

std::optional<Revision> FakeUnitOfWork::revision() const {
    Revision revision;
    revision.mark[0] = database_.version();
    return revision;
}

Task<Result<void>> FakeUnitOfWork::check() {
    auto const answer = [] { return Result<void>{}; };
    co_return co_await calls_.make("check", answer);
}

}  // namespace clinikk::testing
