#include "service/backfiller.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>

namespace clinikk {
namespace {

constexpr std::size_t batch = 100;
constexpr std::size_t parallel_objects = 4;
constexpr std::uint64_t piece = 4 * 1024 * 1024;

}  // namespace

struct Backfiller::Run {
    Report report;
    Progress progress;
    Wakeup wakeup;
    Backfill done{};
    std::size_t under_way = 0;
};

Backfiller::Backfiller(UnitOfWork& work, ObjectStores& objects, MediaInspector& inspector)
    : work_(work), objects_(objects), inspector_(inspector) {}

Task<Backfill> Backfiller::run(Report report, Progress progress) {
    auto const executor = co_await boost::asio::this_coro::executor;
    Run run{std::move(report), std::move(progress), Wakeup(executor)};
    std::exception_ptr breakage;
    try {
        co_await read_all(run);
    } catch (...) {
        breakage = std::current_exception();
    }
    // The coroutines that read objects refer to `run`, so wait for them before it is destroyed.
    while (run.under_way > 0) co_await run.wakeup.wait();
    if (breakage) std::rethrow_exception(breakage);
    co_return run.done;
}

Task<> Backfiller::read_all(Run& run) {
    auto const executor = co_await boost::asio::this_coro::executor;
    Uuid after;
    while (true) {
        auto const objects = co_await work_.repositories().objects().list_unread(after, batch);
        for (auto const& object : objects) {
            after = object.id;
            while (run.under_way == parallel_objects) co_await run.wakeup.wait();
            ++run.under_way;
            boost::asio::co_spawn(executor, read_one(run, object), boost::asio::detached);
        }
        if (objects.size() < batch) co_return;
    }
}

Task<> Backfiller::read_one(Run& run, Object object) {
    std::string failure;
    try {
        failure = co_await try_to_read(run, object);
    } catch (std::exception const& breakage) {
        failure = breakage.what();
    }
    if (failure.empty()) {
        ++run.done.objects;
    } else {
        ++run.done.failures;
        run.report(object.key, failure);
    }
    run.progress(run.done);
    --run.under_way;
    run.wakeup.wake();
}

/// Returns why the media type is still unknown; empty when it is known.
Task<std::string> Backfiller::try_to_read(Run& run, Object const& object) {
    auto* const store = objects_.find(object.store, object.bucket);
    if (store == nullptr) co_return "stands in the bucket '" + object.bucket + "', which is not configured";
    auto const kinds = co_await work_.repositories().contents().kinds_of_source(object.id);
    auto const inspection = inspector_.begin();
    auto facts = co_await read(run, *store, object, *inspection);
    // The object was deleted meanwhile, so no content uses it.
    auto const current = co_await work_.repositories().objects().find(object.id);
    bool const is_asked_for = !kinds.empty() && current && current->state == ObjectState::stored;
    if (!is_asked_for) co_return "";
    if (!facts) co_return "is missing, or cannot be read to its end";
    auto media = co_await inspection->finish(kinds.front());
    if (media) facts->media = std::move(*media);
    // Size and digest are facts even if the bytes were not understood.
    co_await note(object, *facts);
    co_return media ? std::string() : media.error().detail;
}

Task<std::optional<SourceFacts>> Backfiller::read(Run& run, ObjectStore& store, Object const& object,
                                                  MediaInspection& inspection) {
    auto const stat = co_await store.stat(object.key);
    if (!stat) co_return std::nullopt;
    Sha256 hash;
    std::uint64_t offset = 0;
    while (offset < stat->size) {
        ByteRange const range{offset, std::min(piece, stat->size - offset)};
        auto const bytes = co_await store.read_at(object.key, range);
        if (!bytes || bytes->empty()) co_return std::nullopt;
        hash.update(*bytes);
        inspection.feed(*bytes);
        offset += bytes->size();
        run.done.bytes += bytes->size();
        run.progress(run.done);
    }
    SourceFacts facts{stat->size, hash.finish(), {}};
    co_return facts;
}

Task<> Backfiller::note(Object const& object, SourceFacts const& facts) {
    auto const media_type = facts.media ? std::optional(facts.media->media_type) : std::nullopt;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        co_await repositories.objects().set_facts(object.id, facts.size, facts.sha256, media_type);
        co_await repositories.contents().set_source_facts(object.id, facts);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    done.value();
}

}  // namespace clinikk
