#include <memory>

#include "app/system_clock.hpp"
#include "contract/object_store_contract.hpp"
#include "support/fakes/fake_object_store.hpp"

namespace clinikk::testing {
namespace {

/// The store that service tests use, of either kind.
template <FakeStorage::Kind Kind>
class FakeStoreUnderTest final : public StoreUnderTest {
public:
    ObjectStore& store() override { return store_; }
    bool tells_of_writes() const override { return Kind == FakeStorage::Kind::disk; }

private:
    app::SystemClock clock_;
    Calls calls_;
    FakeStorage storage_{.kind = Kind};
    FakeObjectStore store_{storage_, clock_, calls_};
};

template <FakeStorage::Kind Kind>
std::unique_ptr<StoreUnderTest> make_fake() {
    return std::make_unique<FakeStoreUnderTest<Kind>>();
}

INSTANTIATE_TEST_SUITE_P(Fake, ObjectStoreContract,
                         ::testing::Values(make_fake<FakeStorage::Kind::disk>, make_fake<FakeStorage::Kind::bucket>));

}  // namespace
}  // namespace clinikk::testing
