#pragma once

#include <boost/describe/class.hpp>

#include <cstdint>
#include <functional>
#include <string>

#include "base/async/task.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"

namespace clinikk {

/// An event that every process receives: `content.created`, `content.updated`, `content.deleted`.
struct Event {
    Uuid id;
    std::string type;
    Uuid subject;         ///< the id of the resource
    std::string payload;  ///< JSON object
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(Event, (), (id, type, subject, payload, created_at))

/// The outbox inside a transaction: the event is published exactly if the transaction commits.
class Outbox {
public:
    virtual ~Outbox() = default;
    virtual Task<> publish(Event const& event) = 0;
    /// Removes events older than `before` and returns how many.
    virtual Task<std::uint64_t> prune(Timestamp before) = 0;
};

/// Tells this process of the events of all processes, within a second and in the order in which they were committed.
class Signals {
public:
    using Listener = std::function<void(Event const&)>;

    virtual ~Signals() = default;
    /// Call it before the start only. The callback runs on the thread of the signals and must not block.
    virtual void subscribe(Listener listener) = 0;
};

}  // namespace clinikk
