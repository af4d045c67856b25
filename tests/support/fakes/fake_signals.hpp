#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "domain/signals.hpp"
#include "support/fakes/fake_database.hpp"

namespace clinikk::testing {

/// One process's ear for the events in the outbox. It hears them when a test says so.
class FakeSignals final : public Signals {
public:
    explicit FakeSignals(FakeDatabase& database) : database_(database) {}

    void subscribe(Listener listener) override { listeners_.push_back(std::move(listener)); }

    /// Passes on the events since the last time.
    void deliver() {
        auto const events = database_.snapshot().tables.outbox;
        for (; heard_ < events.size(); ++heard_) {
            for (auto const& listener : listeners_) listener(events[heard_]);
        }
    }

private:
    FakeDatabase& database_;
    std::vector<Listener> listeners_;
    std::size_t heard_ = 0;
};

}  // namespace clinikk::testing
