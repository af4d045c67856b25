#pragma once

#include "support/fakes/fake_object_store.hpp"

namespace clinikk::testing {

/// Objects of this store that are not whole yet.
std::unique_ptr<AppendableObjects> make_fake_appendable_objects(FakeStorage& storage, Clock& clock, Calls& calls);

}  // namespace clinikk::testing
