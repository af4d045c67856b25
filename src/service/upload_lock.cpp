#include "service/upload_lock.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <utility>

namespace clinikk {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds retry_interval{50};
/// A holder that died lets go when its lease runs out; one that lives needs time for its last bytes.
constexpr std::chrono::milliseconds patience = resumable_lease_length + std::chrono::milliseconds(1500);
/// An event may arrive before the holder can be interrupted.
constexpr std::chrono::seconds asking_interval{1};

}  // namespace

struct InterruptibleAppends::Append {
    asio::any_io_executor executor;
    std::function<void()> interrupt;
    bool is_over = false;  ///< belongs to the thread of the executor
};

InterruptibleAppends::Entry::Entry(InterruptibleAppends& appends, Uuid upload_id, std::shared_ptr<Append> append)
    : appends_(appends), upload_id_(upload_id), append_(std::move(append)) {}

InterruptibleAppends::Entry::~Entry() {
    append_->is_over = true;
    appends_.remove(upload_id_, append_);
}

std::unique_ptr<InterruptibleAppends::Entry> InterruptibleAppends::add(Uuid upload_id, asio::any_io_executor executor,
                                                                       std::function<void()> interrupt) {
    auto append = std::make_shared<Append>(Append{std::move(executor), std::move(interrupt)});
    {
        std::lock_guard const lock(mutex_);
        appends_.insert_or_assign(upload_id, append);
        if (are_unwanted_) ask(append);
    }
    return std::make_unique<Entry>(*this, upload_id, std::move(append));
}

void InterruptibleAppends::interrupt(Uuid upload_id) {
    std::lock_guard const lock(mutex_);
    auto const found = appends_.find(upload_id);
    if (found != appends_.end()) ask(found->second);
}

void InterruptibleAppends::interrupt_all() {
    std::lock_guard const lock(mutex_);
    are_unwanted_ = true;
    for (auto const& [id, append] : appends_) ask(append);
}

void InterruptibleAppends::ask(std::shared_ptr<Append> const& append) {
    asio::post(append->executor, [append] {
        if (!append->is_over && append->interrupt) append->interrupt();
    });
}

void InterruptibleAppends::remove(Uuid upload_id, std::shared_ptr<Append> const& append) {
    std::lock_guard const lock(mutex_);
    auto const found = appends_.find(upload_id);
    if (found != appends_.end() && found->second == append) appends_.erase(found);
}

UploadLock::UploadLock(asio::any_io_executor const& executor, Clock& clock, UnitOfWork& work, Upload upload, Log& log)
    : work_(work),
      upload_(std::move(upload)),
      log_(log),
      lease_(executor, clock, work.repositories().uploads(), upload_, log, resumable_lease_terms) {}

void UploadLock::advance_to(std::int64_t offset) noexcept {
    lease_.advance(static_cast<std::size_t>(offset - upload_.offset));
    upload_.offset = offset;
}

Task<> UploadLock::release(Timestamp expires_at) {
    if (std::exchange(is_released_, true)) co_return;
    try {
        co_await release_in(work_.repositories(), expires_at);
    } catch (std::exception const& failure) {
        log_.warning("upload.release_failed", {{"upload", upload_.id.to_string()}, {"error", failure.what()}});
    }
}

Task<bool> UploadLock::release_in(Repositories& repositories, Timestamp expires_at) const {
    return repositories.uploads().release_resumable(upload_.id, upload_.holder, expires_at);
}

UploadLocks::UploadLocks(UnitOfWork& work, Clock& clock, Signals& signals, std::string holder, Log& log)
    : work_(work), clock_(clock), holder_(std::move(holder)), log_(log) {
    signals.subscribe([this](Event const& event) {
        if (event.type == wanted_event) appends_.interrupt(event.subject);
    });
}

std::string UploadLocks::new_holder() const { return holder_ + '/' + new_uuid().to_string(); }

Task<Result<std::unique_ptr<UploadLock>>> UploadLocks::take(Uuid upload_id) {
    auto const executor = co_await asio::this_coro::executor;
    auto& uploads = work_.repositories().uploads();
    auto const timer = clock_.make_timer(executor);
    auto const holder = new_holder();
    auto const begun = clock_.steady_now();
    auto ask_at = begun;
    while (true) {
        auto const at = clock_.now();
        bool const is_held = co_await uploads.claim_resumable(upload_id, holder, at, at + resumable_lease_length);
        auto upload = co_await uploads.find(upload_id);
        bool const is_there = upload && upload->method == UploadMethod::resumable && upload->expires_at >= at;
        if (!is_there) co_return nullptr;
        if (is_held && upload->holder == holder) {
            co_return std::make_unique<UploadLock>(executor, clock_, work_, std::move(*upload), log_);
        }
        auto const now = clock_.steady_now();
        if (now - begun >= patience) co_return Error::passing(ErrorCode::upload_locked, std::chrono::seconds(1));
        if (is_ours(*upload)) {
            appends_.interrupt(upload_id);
        } else if (!upload->holder.empty() && now >= ask_at) {
            co_await ask(*upload);
            ask_at = now + asking_interval;
        }
        co_await timer->wait(retry_interval);
    }
}

/// Asks a holder in another process to let go.
Task<> UploadLocks::ask(Upload const& held) {
    Event const event{new_uuid(), std::string(wanted_event), held.id, "{}", clock_.now()};
    co_await work_.repositories().outbox().publish(event);
}

bool UploadLocks::is_ours(Upload const& upload) const { return upload.holder.starts_with(holder_ + '/'); }

}  // namespace clinikk
