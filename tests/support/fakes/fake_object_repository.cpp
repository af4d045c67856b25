#include <algorithm>
#include <set>

#include "support/fakes/fake_table.hpp"

namespace clinikk::testing {
namespace {

bool is_linked(Tables const& tables, Uuid object_id) {
    return std::ranges::any_of(tables.content_objects, [&](auto const& link) { return link.second == object_id; });
}

bool has_object_key(Tables const& tables, std::string_view store, std::string_view key) {
    auto const is_there = [&](auto const& row) { return row.second.store == store && row.second.key == key; };
    return std::ranges::any_of(tables.objects, is_there);
}

std::vector<Uuid> contents_of_source(Tables const& tables, Uuid source_id) {
    std::vector<Uuid> contents;
    for (auto const& [place, object_id] : tables.content_objects) {
        if (place.second == ObjectRole::source && object_id == source_id) contents.push_back(place.first);
    }
    return contents;
}

/// Whether a content of that source has no verdict, or no index of that type although it is ready.
bool is_unpackaged(Tables const& tables, Uuid source_id, std::string const& index_type) {
    return std::ranges::any_of(contents_of_source(tables, source_id), [&](Uuid content_id) {
        auto const packaging = tables.contents.at(content_id).packaging;
        auto const index = tables.content_objects.find({content_id, ObjectRole::index});
        bool const is_indexed =
            index != tables.content_objects.end() && tables.objects.at(index->second).media_type == index_type;
        return !packaging || (*packaging == Packaging::ready && !is_indexed);
    });
}

class FakeObjectRepository final : public ObjectRepository, Repository {
public:
    using Repository::Repository;

    Task<> insert(Object const& object) override {
        return write("objects.insert", [object](Tables& tables) {
            require(!tables.objects.contains(object.id), "objects_pkey");
            require(!has_object_key(tables, object.store, object.key), "objects_store_key_key");
            tables.objects.emplace(object.id, object);
        });
    }

    Task<> link(Uuid content_id, ObjectRole role, Uuid object_id) override {
        return write("objects.link", [content_id, role, object_id](Tables& tables) {
            require(tables.contents.contains(content_id), "content_objects_content_id_fkey");
            require(tables.objects.contains(object_id), "content_objects_object_id_fkey");
            bool const is_new = tables.content_objects.try_emplace({content_id, role}, object_id).second;
            require(is_new, "content_objects_pkey");
        });
    }

    Task<std::vector<Object>> release(Uuid content_id) override {
        return write("objects.release", [content_id](Tables& tables) {
            std::set<Uuid> used;
            for (auto const& [place, object_id] : tables.content_objects) {
                if (place.first == content_id) used.insert(object_id);
            }
            std::erase_if(tables.content_objects, [&](auto const& link) { return link.first.first == content_id; });
            std::vector<Object> released;
            for (auto const& object_id : used) {
                if (is_linked(tables, object_id)) continue;
                auto& object = tables.objects.at(object_id);
                object.state = ObjectState::deleting;
                released.push_back(object);
            }
            return released;
        });
    }

    Task<> remove(Uuid object_id) override {
        return write("objects.remove", [object_id](Tables& tables) {
            require(!is_linked(tables, object_id), "content_objects_object_id_fkey");
            tables.objects.erase(object_id);
        });
    }

    Task<bool> relocate(std::string_view from, Object const& moved) override {
        return write("objects.relocate", [from, moved](Tables& tables) {
            auto const place = tables.objects.find(moved.id);
            if (place == tables.objects.end()) return false;
            auto& object = place->second;
            if (object.store != from || object.state != ObjectState::stored) return false;
            require(!has_object_key(tables, moved.store, object.key), "objects_store_key_key");
            object.store = moved.store;
            object.bucket = moved.bucket;
            object.size = moved.size;
            object.sha256 = moved.sha256;
            return true;
        });
    }

    Task<std::optional<Object>> find(Uuid object_id) override {
        return read("objects.find", [object_id](Tables const& tables) { return find_row(tables.objects, object_id); });
    }

    Task<std::vector<Object>> list(ObjectState state, Uuid after, std::size_t limit) override {
        return list_where("objects.list", after, limit,
                          [state](Object const& object) { return object.state == state; });
    }

    Task<std::uint64_t> set_index(Uuid source_id, std::optional<Uuid> index_id) override {
        return write("objects.set_index", [source_id, index_id](Tables& tables) {
            std::uint64_t count = 0;
            for (auto const content_id : contents_of_source(tables, source_id)) {
                auto const place = tables.content_objects.find({content_id, ObjectRole::index});
                if (place != tables.content_objects.end()) {
                    tables.objects.at(place->second).state = ObjectState::deleting;
                    tables.content_objects.erase(place);
                }
                if (!index_id) continue;
                require(tables.objects.contains(*index_id), "content_objects_object_id_fkey");
                tables.content_objects.emplace(std::pair(content_id, ObjectRole::index), *index_id);
                ++count;
            }
            return count;
        });
    }

    Task<std::vector<Object>> list_unexamined(std::string_view index_type, Uuid after, std::size_t limit) override {
        return read("objects.list_unexamined",
                    [index_type = std::string(index_type), after, limit](Tables const& tables) {
                        std::vector<Object> found;
                        for (auto const& [id, object] : tables.objects) {
                            if (object.state != ObjectState::stored || id <= after || found.size() == limit) continue;
                            if (!object.media_type || is_unpackaged(tables, id, index_type)) found.push_back(object);
                        }
                        return found;
                    });
    }

    Task<> set_facts(Uuid object_id, std::uint64_t size, Sha256Digest const& sha256,
                     std::optional<std::string> const& media_type) override {
        return write("objects.set_facts", [object_id, size, sha256, media_type](Tables& tables) {
            auto const place = tables.objects.find(object_id);
            if (place == tables.objects.end()) return;
            place->second.size = size;
            place->second.sha256 = sha256;
            place->second.media_type = media_type;
        });
    }

    Task<bool> has_key(std::string_view store, std::string_view key) override {
        return read("objects.has_key",
                    [store, key](Tables const& tables) { return has_object_key(tables, store, key); });
    }

    Task<std::uint64_t> bytes_of_owner(Uuid owner_id) override {
        return read("objects.bytes_of_owner", [owner_id](Tables const& tables) {
            std::set<Uuid> used;
            for (auto const& [place, object_id] : tables.content_objects) {
                bool const is_source = place.second == ObjectRole::source;
                if (is_source && tables.contents.at(place.first).owner_id == owner_id) used.insert(object_id);
            }
            std::uint64_t sum = 0;
            for (auto const& object_id : used) sum += tables.objects.at(object_id).size.value_or(0);
            return sum;
        });
    }

private:
    template <class Filter>
    Task<std::vector<Object>> list_where(std::string_view name, Uuid after, std::size_t limit, Filter filter) {
        return read(name, [after, limit, filter](Tables const& tables) {
            std::vector<Object> found;
            for (auto const& [id, object] : tables.objects) {
                if (id > after && filter(object) && found.size() < limit) found.push_back(object);
            }
            return found;
        });
    }
};

}  // namespace

std::unique_ptr<ObjectRepository> make_fake_object_repository(TableAccess const& access, Calls& calls) {
    return std::make_unique<FakeObjectRepository>(access, calls);
}

}  // namespace clinikk::testing
