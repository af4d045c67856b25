#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/uuid.hpp"

namespace clinikk {

/// Where a request comes from, as the audit log keeps it.
struct Origin {
    Origin() = default;
    /// It is no aggregate: GCC 12 destroys those twice in `co_await` expressions.
    Origin(std::string address_in, std::string user_agent_in, Uuid request_id_in)
        : address(std::move(address_in)), user_agent(std::move(user_agent_in)), request_id(request_id_in) {}

    std::string address{};     ///< of the client, as far as TRUSTED_PROXIES can tell it; empty for a command
    std::string user_agent{};  ///< what the client calls itself: UTF-8, at most 200 bytes
    std::optional<Uuid> request_id{};
    bool is_keyed = false;  ///< the request runs under an Idempotency-Key (domain/idempotency.hpp)
};

}  // namespace clinikk
