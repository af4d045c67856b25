#include "service/idempotency_service.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include <utility>

#include "base/encoding.hpp"

namespace clinikk {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds renewal_interval{10};

/// What a sealed answer is bound to: it opens for its own row only.
std::string context_of(IdempotencyKey const& row) { return row.owner_id.to_string() + ' ' + to_hex(row.key_hash); }

/// `201 <bytes of the fields>\n`, the fields, and the body.
std::string to_text(KeptAnswer const& answer) {
    return std::to_string(answer.status) + ' ' + std::to_string(answer.fields.size()) + '\n' + answer.fields +
           answer.body;
}

KeptAnswer from_text(std::string const& text) {
    auto const end = text.find('\n');
    auto const space = text.find(' ');
    KeptAnswer answer{.status = std::stoll(text.substr(0, space))};
    auto const length = std::stoull(text.substr(space + 1, end - space - 1));
    answer.fields = text.substr(end + 1, length);
    answer.body = text.substr(end + 1 + length);
    return answer;
}

}  // namespace

/// The run of one request, and the lease that it holds.
class IdempotencyService::Run final : public IdempotentRun {
public:
    Run(IdempotencyService& service, asio::any_io_executor const& executor, IdempotencyKey row)
        : service_(service), row_(std::move(row)), lease_(std::make_shared<Lease>(service, executor, row_.claim)) {
        asio::co_spawn(executor, Lease::keep(lease_), asio::detached);
    }
    Run(Run const&) = delete;
    Run& operator=(Run const&) = delete;
    ~Run() override { lease_->end(); }

    /// The client has its answer whether or not it can be kept.
    Task<> finish(KeptAnswer answer) override {
        lease_->end();
        bool const fits = answer.body.size() <= max_answer;
        auto const sealed = fits ? service_.box_.seal(to_text(answer), context_of(row_)) : std::string();
        try {
            auto& keys = service_.work_.repositories().idempotency();
            if (fits) {
                co_await keys.answer(row_.claim, sealed);
            } else {
                co_await keys.note_effect(row_.claim, std::nullopt);
                co_await keys.renew(row_.claim, service_.clock_.now());
            }
        } catch (std::exception const& failure) {
            service_.log_.warning("idempotency.answer_dropped", {{"error", failure.what()}});
        }
    }

    Task<> release() override {
        lease_->end();
        try {
            co_await service_.work_.repositories().idempotency().release(row_.claim, service_.clock_.now());
        } catch (std::exception const& failure) {
            // The lease runs out.
            service_.log_.warning("idempotency.release_failed", {{"error", failure.what()}});
        }
    }

private:
    /// Outlives the run until its timer has woken up.
    struct Lease {
        Lease(IdempotencyService& service_in, asio::any_io_executor const& executor, Uuid claim_in)
            : service(service_in), timer(service_in.clock_.make_timer(executor)), claim(claim_in) {}

        void end() {
            is_over = true;
            timer->cancel();
        }

        static Task<> keep(std::shared_ptr<Lease> lease) {
            while (!lease->is_over) {
                co_await lease->timer->wait(renewal_interval);
                if (lease->is_over) co_return;
                try {
                    auto& service = lease->service;
                    auto const until = service.clock_.now() + lease_length;
                    bool const held = co_await service.work_.repositories().idempotency().renew(lease->claim, until);
                    if (!held) co_return;
                } catch (std::exception const& failure) {
                    // While the database cannot be reached, no other process can take the lease either.
                    lease->service.log_.warning("lease.renewal_failed", {{"error", failure.what()}});
                }
            }
        }

        IdempotencyService& service;
        std::unique_ptr<Timer> timer;
        Uuid claim;
        bool is_over = false;
    };

    IdempotencyService& service_;
    IdempotencyKey row_;
    std::shared_ptr<Lease> lease_;
};

Task<Result<BegunRequest>> IdempotencyService::begin(IdempotentRequest request) {
    auto const at = clock_.now();
    IdempotencyKey const wanted{.owner_id = request.owner_id,
                                .key_hash = request.key_hash,
                                .fingerprint = request.fingerprint,
                                .claim = request.id,
                                .lease_until = at + lease_length,
                                .expires_at = at + key_life};
    std::optional<BegunRequest> known;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        known.reset();
        auto& keys = repositories.idempotency();
        auto const row = co_await keys.find(wanted.owner_id, wanted.key_hash);
        if (!row) {
            auto const count = co_await keys.count(wanted.owner_id);
            if (count >= max_keys) co_return Error(ErrorCode::too_many_idempotency_keys);
            bool const is_new = co_await keys.insert(wanted);
            if (!is_new) co_return Error(ErrorCode::idempotency_key_in_use);
            co_return Result<void>{};
        }
        bool const has_expired = row->expires_at <= at;
        if (!has_expired && row->fingerprint != wanted.fingerprint) co_return Error(ErrorCode::idempotency_key_reused);
        if (!has_expired && row->state == IdempotencyState::answered) {
            known = answer_of(*row);
            co_return Result<void>{};
        }
        if (row->lease_until > at) co_return Error(ErrorCode::idempotency_key_in_use);
        if (!has_expired && row->state == IdempotencyState::applied) {
            known = LostAnswer{row->target_id};
            co_return Result<void>{};
        }
        bool const is_ours = co_await keys.take_over(wanted, row->claim);
        if (!is_ours) co_return Error(ErrorCode::idempotency_key_in_use);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    if (!done) co_return done.error();
    if (known) co_return std::move(*known);
    auto const executor = co_await asio::this_coro::executor;
    std::unique_ptr<IdempotentRun> run = std::make_unique<Run>(*this, executor, wanted);
    co_return BegunRequest(std::move(run));
}

BegunRequest IdempotencyService::answer_of(IdempotencyKey const& row) {
    auto const text = box_.open(row.sealed_answer, context_of(row));
    if (text) return from_text(*text);
    log_.warning("idempotency.answer_read_failed", {{"reason", "it was sealed with another SECRET_KEY"}});
    return LostAnswer{row.target_id};
}

}  // namespace clinikk
