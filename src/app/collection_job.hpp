#pragma once

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "domain/collection_lock.hpp"
#include "service/collector.hpp"

namespace clinikk::app {

/// Collects once a minute what dead processes have left behind, unless another process is collecting. It never ends;
/// failures are logged, and the next minute tries again. Collector, lock and log must outlive it.
Task<> collect_every_minute(Collector& collector, CollectionLock& lock, Log& log);

}  // namespace clinikk::app
