#include "service/running_examination.hpp"

#include <algorithm>
#include <utility>

namespace clinikk {

std::unique_ptr<RunningExamination> RunningExaminations::take(Uuid upload_id, std::uint64_t offset) {
    drop_idle();
    Kept found;
    {
        std::lock_guard const lock(mutex_);
        if (auto const place = kept_.find(upload_id); place != kept_.end()) {
            found = std::move(place->second);
            kept_.erase(place);
        }
    }
    if (found.examination && found.offset == offset) return std::move(found.examination);
    if (offset > 0) return nullptr;
    auto begun = std::make_unique<RunningExamination>();
    begun->inspection = inspector_.begin();
    return begun;
}

void RunningExaminations::keep(Uuid upload_id, std::uint64_t offset, std::unique_ptr<RunningExamination> examination) {
    drop_idle();
    std::lock_guard const lock(mutex_);
    if (kept_.size() >= max_kept) {
        kept_.erase(std::ranges::min_element(kept_, {}, [](auto const& entry) { return entry.second.since; }));
    }
    kept_.insert_or_assign(upload_id, Kept{offset, clock_.steady_now(), std::move(examination)});
}

void RunningExaminations::drop_idle() {
    auto const at = clock_.steady_now();
    std::lock_guard const lock(mutex_);
    std::erase_if(kept_, [at](auto const& entry) { return at - entry.second.since > max_idle; });
}

void RunningExaminations::drop_all() {
    std::lock_guard const lock(mutex_);
    kept_.clear();
}

}  // namespace clinikk
