#include <algorithm>
#include <set>

#include "domain/permission.hpp"
#include "support/fakes/fake_table.hpp"

namespace clinikk::testing {
namespace {

bool is_source(Tables const& tables, Uuid content_id, Uuid object_id) {
    auto const link = tables.content_objects.find({content_id, ObjectRole::source});
    return link != tables.content_objects.end() && link->second == object_id;
}

bool has_links(Tables const& tables, Uuid content_id) {
    return std::ranges::any_of(tables.content_objects,
                               [&](auto const& link) { return link.first.first == content_id; });
}

bool is_shown(Content const& content, ContentQuery const& query) {
    User account;
    account.id = query.account;
    if (query.audience == Audience::admin) account.role = Role::admin;
    bool const is_nobody = query.audience == Audience::everybody;
    return may(is_nobody ? nullptr : &account, ContentAction::find, {content.visibility.value(), content.owner_id});
}

std::optional<PlayableSource> source_of(Tables const& tables, Uuid content_id) {
    auto const link = tables.content_objects.find({content_id, ObjectRole::source});
    if (link == tables.content_objects.end()) return std::nullopt;
    auto const& object = tables.objects.at(link->second);
    auto const& content = tables.contents.at(content_id);
    if (object.state != ObjectState::stored) return std::nullopt;
    return PlayableSource{object.store,
                          object.bucket,
                          object.key,
                          object.size,
                          object.sha256,
                          object.media_type,
                          content.file_name,
                          content.title,
                          content.storage_url,
                          content.owner_id,
                          content.visibility.value(),
                          object.created_at};
}

class FakeContents final : public ContentRepository, Repository {
public:
    using Repository::Repository;

    Task<> insert(Content const& content) override {
        return write("contents.insert", [content](Tables& tables) {
            require(!tables.contents.contains(content.id), "contents_pkey");
            require_owner(tables, content.owner_id);
            tables.contents.emplace(content.id, content);
        });
    }

    Task<std::optional<Content>> find(Uuid id) override {
        return read("contents.find", [id](Tables const& tables) { return find_row(tables.contents, id); });
    }

    Task<std::vector<Content>> list(ContentQuery const& query) override {
        return read("contents.list", [query](Tables const& tables) {
            std::vector<Content> all;
            bool const newest_first = query.sort == ContentSort::newest_first;
            for (auto const& [id, content] : tables.contents) {
                auto const place = std::pair(content.created_at, content.id);
                auto const after = query.after ? std::pair(query.after->created_at, query.after->id) : place;
                bool const is_behind = !query.after || (newest_first ? place < after : place > after);
                if (!is_shown(content, query)) continue;
                if (is_behind && (!query.kind || content.content_type == *query.kind)) all.push_back(content);
            }
            std::ranges::sort(all, {},
                              [](Content const& content) { return std::pair(content.created_at, content.id); });
            if (newest_first) std::ranges::reverse(all);
            all.erase(all.begin(), all.begin() + std::min<std::ptrdiff_t>(query.skip, std::ssize(all)));
            all.resize(std::min(all.size(), static_cast<std::size_t>(query.limit)));
            return all;
        });
    }

    Task<std::optional<Content>> update(Uuid id, ContentChanges const& changes, Timestamp at) override {
        return write("contents.update", [id, changes, at](Tables& tables) -> std::optional<Content> {
            auto const place = tables.contents.find(id);
            if (place == tables.contents.end()) return std::nullopt;
            auto& content = place->second;
            std::size_t index = 0;
            for_each_member<ContentDescription>([&](auto member) {
                if (changes.is_set(index++)) content.*member.pointer = changes.values().*member.pointer;
            });
            content.updated_at = at;
            return content;
        });
    }

    Task<bool> remove(Uuid id) override {
        return write("contents.remove", [id](Tables& tables) {
            require(!has_links(tables, id), "content_objects_content_id_fkey");
            return tables.contents.erase(id) > 0;
        });
    }

    Task<> set_storage_url(Uuid object_id, std::optional<std::string> const& url) override {
        return write("contents.set_storage_url", [object_id, url](Tables& tables) {
            for (auto& [id, content] : tables.contents) {
                if (is_source(tables, id, object_id)) content.storage_url = url;
            }
        });
    }

    Task<> set_source_facts(Uuid object_id, SourceFacts const& facts) override {
        return write("contents.set_source_facts", [object_id, facts](Tables& tables) {
            for (auto& [id, content] : tables.contents) {
                if (!is_source(tables, id, object_id)) continue;
                if (!content.duration && facts.media) content.duration = facts.media->duration();
                static_cast<SourceMembers&>(content) = source_members(facts);
            }
        });
    }

    Task<std::optional<Content>> replace_source(Uuid id, NewSource const& source) override {
        return write("contents.replace_source", [id, source](Tables& tables) -> std::optional<Content> {
            auto const place = tables.contents.find(id);
            if (place == tables.contents.end()) return std::nullopt;
            auto& content = place->second;
            bool const is_of_media =
                !content.duration || (content.duration_ms && content.duration == (*content.duration_ms + 500) / 1000);
            if (is_of_media) content.duration = source.facts.media->duration();
            static_cast<SourceMembers&>(content) = source_members(source.facts);
            content.status = ContentStatus::ready;
            content.storage_url = source.storage_url;
            content.file_name = source.file_name;
            content.updated_at = source.at;
            return content;
        });
    }

    Task<std::optional<Content>> find_by_source(Uuid object_id) override {
        return read("contents.find_by_source", [object_id](Tables const& tables) -> std::optional<Content> {
            for (auto const& [id, content] : tables.contents) {
                if (is_source(tables, id, object_id)) return content;
            }
            return std::nullopt;
        });
    }

    Task<std::optional<PlayableSource>> find_source(Uuid content_id) override {
        return read("contents.find_source",
                    [content_id](Tables const& tables) { return source_of(tables, content_id); });
    }

    Task<std::optional<PackagedSource>> find_packaged(Uuid content_id) override {
        return read("contents.find_packaged", [content_id](Tables const& tables) -> std::optional<PackagedSource> {
            auto source = source_of(tables, content_id);
            if (!source) return std::nullopt;
            auto const& content = tables.contents.at(content_id);
            auto const index = tables.content_objects.find({content_id, ObjectRole::index});
            PackagedSource packaged{std::move(*source), content.packaging, content.packaging_reason, {}};
            if (index != tables.content_objects.end()) packaged.index_id = index->second;
            return packaged;
        });
    }

    Task<std::vector<ContentKind>> kinds_of_source(Uuid object_id) override {
        return read("contents.kinds_of_source", [object_id](Tables const& tables) {
            std::set<ContentKind> kinds;
            for (auto const& [id, content] : tables.contents) {
                if (is_source(tables, id, object_id)) kinds.insert(content.content_type);
            }
            return std::vector(kinds.begin(), kinds.end());
        });
    }

    Task<std::vector<LinkedContent>> list_linked(Uuid after, std::size_t limit) override {
        return read("contents.list_linked", [after, limit](Tables const& tables) {
            std::vector<LinkedContent> found;
            for (auto const& [id, content] : tables.contents) {
                bool const is_linked = content.storage_url && !has_links(tables, id);
                if (id > after && is_linked && found.size() < limit) found.push_back({id, *content.storage_url});
            }
            return found;
        });
    }

    Task<std::vector<Content>> list_owned(Uuid owner_id, Uuid after, std::size_t limit) override {
        return read("contents.list_owned", [owner_id, after, limit](Tables const& tables) {
            std::vector<Content> page;
            for (auto const& [id, content] : tables.contents) {
                if (content.owner_id == owner_id && id > after && page.size() < limit) page.push_back(content);
            }
            return page;
        });
    }

    Task<bool> has_owned(Uuid owner_id) override {
        return read("contents.has_owned", [owner_id](Tables const& tables) {
            return std::ranges::any_of(tables.contents,
                                       [&](auto const& row) { return row.second.owner_id == owner_id; });
        });
    }

    Task<bool> set_owner(Uuid id, std::optional<Uuid> owner_id) override {
        return write("contents.set_owner", [id, owner_id](Tables& tables) {
            auto const place = tables.contents.find(id);
            if (place == tables.contents.end()) return false;
            require_owner(tables, owner_id);
            place->second.owner_id = owner_id;
            return true;
        });
    }

    Task<std::uint64_t> set_owner_of_unowned(Uuid owner_id, std::size_t limit) override {
        return write("contents.set_owner_of_unowned", [owner_id, limit](Tables& tables) {
            require_owner(tables, owner_id);
            std::uint64_t count = 0;
            for (auto& [id, content] : tables.contents) {
                if (content.owner_id || count == limit) continue;
                content.owner_id = owner_id;
                ++count;
            }
            return count;
        });
    }
};

}  // namespace

std::unique_ptr<ContentRepository> make_fake_content_repository(TableAccess const& access, Calls& calls) {
    return std::make_unique<FakeContents>(access, calls);
}

}  // namespace clinikk::testing
