#pragma once

#include <gtest/gtest.h>

#include "base/async/task.hpp"
#include "domain/idempotency.hpp"

namespace clinikk::http {

/// For tests in which no request states an Idempotency-Key.
class NoKeys final : public IdempotencyKeys {
public:
    Task<Result<BegunRequest>> begin(IdempotentRequest /*request*/) override {
        ADD_FAILURE() << "no request states a key";
        co_return Error(ErrorCode::idempotency_key_in_use);
    }
};

}  // namespace clinikk::http
