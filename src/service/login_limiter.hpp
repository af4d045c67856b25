#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/sha256.hpp"

namespace clinikk {

/// Slows down the guessing of passwords. Only a password that was compared and was wrong counts.
///
/// - From a pair of account and network (`client_network`) ten attempts may fail at once. The tenth failure and every
///   later one cost a wait: five seconds, then twice as much each time, up to a quarter of an hour. Waits of failures
///   at the same time add up, to an hour at most. An hour after the last wait the failures are forgotten.
/// - From all networks together that have never logged in to an account a hundred may fail at once, then one each ten
///   seconds. A network that has logged in to the account before is not bound by this: whatever others do, only
///   its own failures slow it down.
///
/// It knows only what this process has seen. Its memory is bounded: a new entry replaces the oldest one. The tables
/// hold digests, however long an account name is. Thread-safe.
class LoginLimiter {
public:
    using Time = std::chrono::steady_clock::time_point;

    /// This many pairs, accounts and known pairs are remembered; 100 000 of each take about 40 MB.
    explicit LoginLimiter(std::size_t capacity = 100'000);

    struct Standing {
        bool is_known = false;        ///< the network has logged in to the account before
        std::chrono::seconds wait{};  ///< until the next attempt may be made; zero: now
    };

    /// Returns what happens to an attempt that is made now. Changes nothing.
    Standing standing(std::string_view account, std::string_view network, Time at);

    /// Counts a password that was compared and was wrong.
    void failed(std::string_view account, std::string_view network, Time at);

    /// Counts a password that was right.
    void succeeded(std::string_view account, std::string_view network);

    /// The number of entries in all tables.
    std::size_t size();

private:
    struct DigestHash {
        std::size_t operator()(Sha256Digest const& digest) const noexcept;
    };

    /// The latest `capacity` entries.
    template <class Value>
    class Recent {
    public:
        explicit Recent(std::size_t capacity) : capacity_(capacity) {}
        Value const* find(Sha256Digest const& key) const;
        /// Returns the entry, and makes it if there is none. The entry becomes the latest one.
        Value& touch(Sha256Digest const& key);
        void erase(Sha256Digest const& key);
        std::size_t size() const noexcept { return places_.size(); }

    private:
        using Order = std::list<std::pair<Sha256Digest, Value>>;
        std::size_t capacity_;
        Order order_;  ///< latest first
        std::unordered_map<Sha256Digest, typename Order::iterator, DigestHash> places_;
    };

    struct Failures {
        int count = 0;
        Time until{};  ///< the end of their wait
    };
    struct Known {};

    Sha256Digest digest(std::string_view account, std::string_view network) const;

    std::mutex mutex_;
    std::string salt_;  ///< keeps outsiders from choosing digests that collide in the tables
    Recent<Failures> pairs_;
    Recent<Time> accounts_;  ///< the end of the waits for all failures of strangers, ten seconds for each
    Recent<Known> known_;
};

}  // namespace clinikk
