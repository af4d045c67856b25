#include "service/upload_lease.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace clinikk {

namespace asio = boost::asio;

struct UploadLease::State {
    Clock& clock;
    std::unique_ptr<Timer> timer;
    UploadRepository& uploads;
    Log& log;
    LeaseTerms terms;
    Uuid id;
    std::string holder;
    std::int64_t offset;
    bool is_over = false;
    bool is_lost = false;
};

UploadLease::UploadLease(asio::any_io_executor const& executor, Clock& clock, UploadRepository& uploads,
                         Upload const& upload, Log& log, LeaseTerms terms)
    : state_(std::make_shared<State>(
          State{clock, clock.make_timer(executor), uploads, log, terms, upload.id, upload.holder, upload.offset})) {
    asio::co_spawn(executor, keep(state_), asio::detached);
}

UploadLease::~UploadLease() {
    state_->is_over = true;
    state_->timer->cancel();
}

void UploadLease::advance(std::size_t bytes) noexcept { state_->offset += static_cast<std::int64_t>(bytes); }

bool UploadLease::is_lost() const noexcept { return state_->is_lost; }

Task<> UploadLease::keep(std::shared_ptr<State> state) {
    while (!state->is_over && !state->is_lost) {
        co_await state->timer->wait(state->terms.renewal);
        if (state->is_over) co_return;
        try {
            auto const until = state->clock.now() + state->terms.length;
            bool const held = co_await state->uploads.renew(state->id, state->holder, state->offset, until);
            state->is_lost = !held;
        } catch (std::exception const& failure) {
            // While the database cannot be reached, no other process can take the lease either.
            state->log.warning("lease.renewal_failed", {{"upload", state->id.to_string()}, {"error", failure.what()}});
        }
    }
}

}  // namespace clinikk
