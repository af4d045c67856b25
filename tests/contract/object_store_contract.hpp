#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "domain/object_store.hpp"

namespace clinikk::testing {

/// A store to be tested, empty at first, and what it stands on.
class StoreUnderTest {
public:
    virtual ~StoreUnderTest() = default;
    virtual ObjectStore& store() = 0;
    /// Whether it tells of writes that are under way; in a bucket only their rows do.
    virtual bool tells_of_writes() const { return true; }
};

using MakeStore = std::unique_ptr<StoreUnderTest> (*)();

/// What every object store must do. A store joins with INSTANTIATE_TEST_SUITE_P in a file of its own.
class ObjectStoreContract : public ::testing::TestWithParam<MakeStore> {
protected:
    ObjectStore& store() { return under_test_->store(); }
    bool tells_of_writes() const { return under_test_->tells_of_writes(); }

private:
    std::unique_ptr<StoreUnderTest> under_test_ = GetParam()();
};

}  // namespace clinikk::testing
