#pragma once

#include <chrono>

namespace clinikk {

/// The pauses between attempts at something that may succeed later. The bound doubles with each pause, and the pause is
/// a random time between half of the bound and the bound, so that those who failed together do not return together.
class Backoff {
public:
    using Milliseconds = std::chrono::milliseconds;

    /// `first` is the bound of the first pause, `longest` of all; both are at least 1 ms.
    Backoff(Milliseconds first, Milliseconds longest) noexcept : first_(first), longest_(longest), bound_(first) {}

    /// The pause before the next attempt.
    Milliseconds next();

    /// After a success: the next pause is a first one.
    void reset() noexcept { bound_ = first_; }

private:
    Milliseconds first_, longest_, bound_;
};

}  // namespace clinikk
