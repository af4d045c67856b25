#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "domain/object_store.hpp"

namespace clinikk {

/// The object stores of this process by the names that rows use. A library may have objects in several of them.
class ObjectStores {
public:
    /// New objects go to `current`. All stores must outlive this object.
    ObjectStores(ObjectStore& current, std::vector<ObjectStore*> others = {})
        : current_(current), all_(std::move(others)) {
        all_.insert(all_.begin(), &current);
    }

    ObjectStore& current() const noexcept { return current_; }

    /// Throws Unavailable when the settings name no such store.
    ObjectStore& named(std::string_view name) const {
        for (auto* const store : all_) {
            if (store->name() == name) return *store;
        }
        throw Unavailable("an object stands in the store '" + std::string(name) + "', which is not configured");
    }

    /// The store for a row that names `bucket` in the store `name`; null when the settings name no such store or
    /// another bucket. A key must never be looked up in the wrong bucket.
    ObjectStore* find(std::string_view name, std::string_view bucket) const noexcept {
        for (auto* const store : all_) {
            if (store->name() == name && store->bucket() == bucket) return store;
        }
        return nullptr;
    }

    /// As `find`, but throws Unavailable instead of returning null.
    ObjectStore& holding(std::string_view name, std::string_view bucket) const {
        if (auto* const store = find(name, bucket)) return *store;
        named(name);
        throw Unavailable("an object stands in the bucket '" + std::string(bucket) + "', which is not configured");
    }

    std::vector<ObjectStore*> const& all() const noexcept { return all_; }

private:
    ObjectStore& current_;
    std::vector<ObjectStore*> all_;
};

}  // namespace clinikk
