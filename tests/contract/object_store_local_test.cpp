#include <memory>

#include "app/system_clock.hpp"
#include "contract/object_store_contract.hpp"
#include "storage/local_object_store.hpp"
#include "support/temporary_directory.hpp"

namespace clinikk::testing {
namespace {

class LocalStoreUnderTest final : public StoreUnderTest {
public:
    ObjectStore& store() override { return *store_; }

private:
    TemporaryDirectory directory_;
    Log log_{LogLevel::error, LogFormat::text};
    app::SystemClock clock_;
    BlockingPool pool_{2};
    std::unique_ptr<ObjectStore> store_ = open_local_object_store(
        {directory_.path() / "objects", directory_.path() / "temporary", 0}, clock_, pool_, log_);
};

INSTANTIATE_TEST_SUITE_P(Local, ObjectStoreContract, ::testing::Values([]() -> std::unique_ptr<StoreUnderTest> {
                             return std::make_unique<LocalStoreUnderTest>();
                         }));

}  // namespace
}  // namespace clinikk::testing
