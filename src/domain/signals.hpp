#pragma once

#include <boost/describe/class.hpp>

#include <cstdint>
#include <functional>
#include <string>

#include "base/async/task.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"

namespace clinikk {

/// Something that happened, as every process is told: `content.created`, `content.updated`, `content.deleted`.
struct Event {
    Uuid id;
    std::string type;
    Uuid subject;         ///< what it happened to
    std::string payload;  ///< JSON object
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(Event, (), (id, type, subject, payload, created_at))

/// The outbox, as a transaction sees it: the event is told exactly if the transaction commits.
class Outbox {
public:
    virtual ~Outbox() = default;
    virtual Task<> publish(Event const& event) = 0;
    /// Removes events older than `before`; how many.
    virtual Task<std::uint64_t> prune(Timestamp before) = 0;
};

/// Tells this process of events that any process published, within a second, in the order they were committed.
class Signals {
public:
    using Listener = std::function<void(Event const&)>;

    virtual ~Signals() = default;
    /// Before the start only. Called on the thread that runs the signals; must not block.
    virtual void subscribe(Listener listener) = 0;
};

}  // namespace clinikk
