#include <memory>
#include <vector>

#include "contract/object_store_contract.hpp"
#include "contract/s3_under_test.hpp"

namespace clinikk::testing {
namespace {

class S3StoreUnderTest final : public StoreUnderTest {
public:
    ObjectStore& store() override { return bucket_.store(); }
    bool tells_of_writes() const override { return false; }

private:
    S3UnderTest bucket_;
};

std::vector<MakeStore> buckets() {
    if (!has_test_bucket()) return {};
    return {[]() -> std::unique_ptr<StoreUnderTest> { return std::make_unique<S3StoreUnderTest>(); }};
}

INSTANTIATE_TEST_SUITE_P(S3, ObjectStoreContract, ::testing::ValuesIn(buckets()));

}  // namespace
}  // namespace clinikk::testing
