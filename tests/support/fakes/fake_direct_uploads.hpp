#pragma once

#include <memory>

#include "support/fakes/fake_object_store.hpp"

namespace clinikk::testing {

/// Direct uploads to that storage, for one process. All must outlive it.
std::unique_ptr<DirectUploads> make_fake_direct_uploads(FakeStorage& storage, Clock& clock, Calls& calls);

}  // namespace clinikk::testing
