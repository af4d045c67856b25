#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "domain/object_store.hpp"

namespace clinikk {

/// Throws std::out_of_range unless the range lies within an object of that size.
void require_within(ByteRange range, std::uint64_t object_size);

/// Consecutive bytes of an object that are fetched at once, and the runs in them that are wanted, in order.
struct FetchedSpan {
    ByteRange range{};
    std::vector<ByteRange> runs{};
};

/// Joins runs that follow each other at a distance of at most `gap` bytes: fetching the bytes between costs less than
/// another request.
std::vector<FetchedSpan> join_runs(std::vector<ByteRange> const& runs, std::uint64_t gap);

/// Bytes in memory, on their way, and in a remote object, of which it fetches spans and drops what is not wanted. Up to
/// four spans are under way at once. The memory that it takes does not depend on the number of bytes.
class GatheredSource final : public ByteSource {
public:
    /// Opens a range of the object; empty when it is gone.
    using OpenRange = std::function<Task<std::optional<Body>>(ByteRange range)>;

    /// The log must outlive the source.
    GatheredSource(GatheredBytes bytes, OpenRange open, Log& log);

    /// Opens the first span. Returns false when there is no such object.
    Task<bool> open_first();

    /// Fails with `unavailable` when a later span cannot be had.
    Task<Result<std::string_view>> next() override;

private:
    struct Opening;
    Task<> open_ahead();
    Task<Result<std::string_view>> next_of_span();
    void take_wanted(std::string_view piece);

    std::string head_;
    std::unique_ptr<ByteSource> lead_;
    OpenRange open_;
    Log& log_;
    std::deque<FetchedSpan> spans_;                  ///< those not done yet; the first may be under way
    std::deque<std::shared_ptr<Opening>> openings_;  ///< of the first of them
    std::unique_ptr<ByteSource> current_;            ///< the bytes of the first span
    std::uint64_t position_ = 0;                     ///< in the object, of the next byte of `current_`
    std::size_t run_ = 0;                            ///< of the first span
    std::string wanted_;
};

}  // namespace clinikk
