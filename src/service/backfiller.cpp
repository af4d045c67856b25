#include "service/backfiller.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>

namespace clinikk {
namespace {

constexpr std::size_t backfill_batch = 100;
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

Backfiller::Backfiller(UnitOfWork& work, ObjectStores& objects, MediaInspector& inspector, Clock& clock,
                       std::string holder, Log& log)
    : work_(work), objects_(objects), inspector_(inspector), indexes_(work, clock, std::move(holder), log) {}

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
        auto const objects = co_await work_.repositories().objects().list_unexamined(packaging_index_format.media_type,
                                                                                     after, backfill_batch);
        for (auto const& object : objects) {
            after = object.id;
            while (run.under_way == parallel_objects) co_await run.wakeup.wait();
            ++run.under_way;
            boost::asio::co_spawn(executor, read_one(run, object), boost::asio::detached);
        }
        if (objects.size() < backfill_batch) co_return;
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

/// Returns why the object still has to be examined; empty when it need not.
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
    if (object.sha256 && *object.sha256 != facts->sha256) co_return "has other bytes than its row says";
    auto media = co_await inspection->finish(kinds.front());
    if (media) {
        facts->media = std::move(*media);
        co_return co_await package(*store, object, *facts, *inspection);
    }
    // Size and digest are facts even if the bytes were not understood.
    if (!object.media_type) {
        PackagedFile const nothing;
        auto const noted = co_await note(object, *facts, nothing);
        noted.value();
    }
    co_return media.error().detail;
}

Task<std::string> Backfiller::package(ObjectStore& store, Object const& object, SourceFacts& facts,
                                      MediaInspection& inspection) {
    auto const packaged = co_await indexes_.package(inspection, facts.sha256, store);
    if (!packaged) co_return packaged.error().detail;
    facts.packaging = packaged->verdict;
    auto const noted = co_await note(object, facts, *packaged);
    if (noted) co_return std::string(packaged->verdict ? "" : "could not be packaged");
    co_await indexes_.discard(*packaged, store);
    co_return noted.error().code == ErrorCode::content_not_found ? std::string() : noted.error().detail;
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

/// Fails with `content_not_found` when no content uses the object any more, and with `upload_interrupted` when another
/// process has taken the index for abandoned.
Task<Result<void>> Backfiller::note(Object const& object, SourceFacts const& facts, PackagedFile const& packaged) {
    auto const media_type = facts.media ? std::optional(facts.media->media_type) : std::nullopt;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        co_await repositories.objects().set_facts(object.id, facts.size, facts.sha256, media_type);
        co_await repositories.contents().set_source_facts(object.id, facts);
        auto const& index = packaged.index;
        if (index) {
            bool const published = co_await indexes_.publish(repositories, *index);
            if (!published) co_return Error(ErrorCode::upload_interrupted);
        }
        auto const id = index ? std::optional(index->object.id) : std::nullopt;
        auto const contents = co_await repositories.objects().set_index(object.id, id);
        if (index && contents == 0) co_return Error(ErrorCode::content_not_found);
        co_return Result<void>{};
    };
    co_return co_await work_.transaction(steps);
}

}  // namespace clinikk
