#include "mail/smtp_mailer.hpp"

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace clinikk {
namespace {

class SmtpMailer final : public Mailer {
public:
    SmtpMailer(SmtpOptions server, Log& log, MailQueueOptions queue)
        : server_(std::move(server)), log_(log), options_(std::move(queue)), thread_([this] { run(); }) {}
    SmtpMailer(SmtpMailer const&) = delete;
    SmtpMailer& operator=(SmtpMailer const&) = delete;

    ~SmtpMailer() override {
        {
            std::lock_guard const lock(mutex_);
            closing_until_ = Clock::now() + options_.closing_time;
        }
        changed_.notify_one();
        thread_.join();
    }

    bool post(Mail mail) override {
        auto const id = new_uuid();
        auto message = write_message(mail, server_.sender, now(), id);
        auto user = mail.user_id.to_string();
        Item item{std::move(message), std::move(mail), id.to_string(), std::move(user)};
        {
            std::lock_guard const lock(mutex_);
            if (waiting_.size() >= options_.places) return false;
            waiting_.emplace(Clock::now(), std::move(item));
        }
        changed_.notify_one();
        return true;
    }

private:
    using Clock = std::chrono::steady_clock;

    struct Item {
        std::string message;
        Mail mail;
        std::string id;    ///< of the message
        std::string user;  ///< the id of the account
        std::size_t failures = 0;
    };

    void run() {
        std::unique_lock lock(mutex_);
        while (true) {
            if (is_over()) return give_up_all();
            if (waiting_.empty()) {
                changed_.wait(lock);
            } else if (auto const due = waiting_.begin()->first; due > Clock::now()) {
                changed_.wait_until(lock, due);
            } else {
                auto item = std::move(waiting_.extract(waiting_.begin()).mapped());
                lock.unlock();
                auto failure = send(item);
                lock.lock();
                if (failure) keep_or_give_up(std::move(item), *failure);
            }
        }
    }

    /// Whether the mailer is being destroyed and has nothing to send that has not been tried, or no time for it.
    bool is_over() const {
        if (!closing_until_) return false;
        bool const is_idle = waiting_.empty() || waiting_.begin()->first > Clock::now();
        return is_idle || Clock::now() > *closing_until_;
    }

    std::optional<SmtpFailure> send(Item const& item) {
        auto const is_cancelled = [this] {
            std::lock_guard const lock(mutex_);
            return closing_until_ && Clock::now() > *closing_until_;
        };
        try {
            auto failure = send_by_smtp(server_, server_.sender.address, item.mail.to, item.message, is_cancelled);
            if (!failure) log_.info("mail.sent", {kind(item), user(item), id(item)});
            return failure;
        } catch (std::exception const& breakage) {
            return SmtpFailure{breakage.what(), false};
        }
    }

    void keep_or_give_up(Item item, SmtpFailure const& failure) {
        if (failure.is_permanent || item.failures >= options_.delays.size()) return give_up(item, failure.reason);
        auto const delay = options_.delays[item.failures++];
        log_.warning("mail.delayed",
                     {kind(item), user(item), id(item), {"error", failure.reason}, {"seconds", delay.count()}});
        waiting_.emplace(Clock::now() + delay, std::move(item));
    }

    void give_up(Item const& item, std::string_view reason) {
        log_.error("mail.failed", {kind(item), user(item), id(item), {"error", reason}});
    }

    void give_up_all() {
        for (auto const& [due, item] : waiting_) give_up(item, "the service stops");
    }

    static LogField kind(Item const& item) { return {"kind", item.mail.kind}; }
    static LogField user(Item const& item) { return {"user", item.user}; }
    static LogField id(Item const& item) { return {"mail", item.id}; }

    SmtpOptions server_;
    Log& log_;
    MailQueueOptions options_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::multimap<Clock::time_point, Item> waiting_;  ///< by the time of the next attempt
    std::optional<Clock::time_point> closing_until_;  ///< set when the mailer is being destroyed
    std::thread thread_;                              ///< last: it uses the other members
};

}  // namespace

std::unique_ptr<Mailer> make_smtp_mailer(SmtpOptions server, Log& log, MailQueueOptions queue) {
    return std::make_unique<SmtpMailer>(std::move(server), log, std::move(queue));
}

}  // namespace clinikk
