#include "service/verifier.hpp"

namespace clinikk {
namespace {

constexpr std::size_t verify_batch = 100;
constexpr std::uint64_t piece = 4 * 1024 * 1024;

}  // namespace

Verifier::Verifier(UnitOfWork& work, ObjectStores& objects) : work_(work), objects_(objects) {}

Task<Verification> Verifier::verify(Report report, Progress progress) {
    Verification so_far;
    Uuid after;
    while (true) {
        auto const objects = co_await work_.repositories().objects().list(ObjectState::stored, after, verify_batch);
        for (auto const& object : objects) {
            after = object.id;
            ++so_far.objects;
            auto const fault = co_await fault_of(object, so_far, report);
            if (!fault.empty()) {
                ++so_far.faults;
                report(object.key, fault);
            }
            progress(so_far);
        }
        if (objects.size() < verify_batch) co_return so_far;
    }
}

/// Returns what is wrong; empty when the object agrees with its row, or was deleted or moved meanwhile.
Task<std::string> Verifier::fault_of(Object const& object, Verification& so_far, Report const& report) {
    auto* const store = objects_.find(object.store, object.bucket);
    if (store == nullptr) co_return "stands in a store or bucket that is not configured";
    std::string fault;
    try {
        fault = co_await fault_of_bytes(*store, object, so_far);
    } catch (std::exception const& breakage) {
        fault = std::string("cannot be read: ") + breakage.what();
    }
    bool const is_unread = !object.size || !object.sha256;
    if (fault.empty() && is_unread) {
        ++so_far.unread;
        report(object.key, "is not yet backfilled");
    }
    if (fault.empty()) co_return fault;
    auto const again = co_await work_.repositories().objects().find(object.id);
    bool const still_there = again && again->state == ObjectState::stored && again->store == object.store;
    co_return still_there ? fault : std::string();
}

Task<std::string> Verifier::fault_of_bytes(ObjectStore& store, Object const& object, Verification& so_far) {
    auto const stat = co_await store.stat(object.key);
    if (!stat) co_return "is missing";
    if (!object.size || !object.sha256) co_return "";
    if (stat->size != *object.size) co_return "has another size than its row says";
    Sha256 hash;
    std::uint64_t offset = 0;
    while (offset < *object.size) {
        ByteRange const range{offset, piece};
        auto const bytes = co_await store.read_at(object.key, range);
        if (!bytes || bytes->empty()) co_return "cannot be read to its end";
        hash.update(*bytes);
        offset += bytes->size();
        so_far.bytes += bytes->size();
    }
    if (hash.finish() != *object.sha256) co_return "has other bytes than its row says";
    co_return "";
}

}  // namespace clinikk
