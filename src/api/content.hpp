#pragma once

#include <boost/describe/class.hpp>

#include <optional>
#include <string_view>
#include <vector>

#include "api/content_cursor.hpp"
#include "api/content_fields.hpp"
#include "api/content_view.hpp"
#include "api/services.hpp"

/// `/content`: the requests and handlers for uploading, browsing, changing and removing.
namespace clinikk::api {

struct ListContentRequest {
    Query<Skip> skip;
    Query<PageLimit> limit;
    Query<std::optional<ContentKindValue>> content_type;
    Query<std::optional<ContentSortValue>> sort;
    Query<std::optional<CursorValue>> cursor;
};
BOOST_DESCRIBE_STRUCT(ListContentRequest, (), (skip, limit, content_type, sort, cursor))

struct ContentRequest {
    Path<UuidValue> content_id;
};
BOOST_DESCRIBE_STRUCT(ContentRequest, (), (content_id))

struct UpdateContentRequest {
    Path<UuidValue> content_id;
    Patch<ContentFields> changes;
};
BOOST_DESCRIBE_STRUCT(UpdateContentRequest, (), (content_id, changes))

struct DeletedView {
    static constexpr std::string_view schema_name = "Deleted";
    std::string_view detail;
};
BOOST_DESCRIBE_STRUCT(DeletedView, (), (detail))

Task<Result<Reply<ContentView>>> create_content(Services& services, Request& request, FileForm<ContentFields>& form);
/// The answers to requests that were carried out and whose answers are lost: the content as it is now.
Task<Result<Reply<ContentView>>> created_again(Services& services, Request& request, Uuid content_id);
Task<Result<ContentView>> changed_again(Services& services, Request& request, Uuid content_id);
Task<Result<Reply<std::vector<ContentView>>>> list_content(Services& services, Viewer viewer, ListContentRequest list);
Task<Result<ContentView>> get_content(Services& services, Request& request, ContentRequest wanted);
Task<Result<ContentView>> update_content(Services& services, Request& request, UpdateContentRequest update);
Task<Result<ContentView>> patch_content(Services& services, Request& request, UpdateContentRequest update);
Task<Result<DeletedView>> delete_content(Services& services, Request& request, ContentRequest wanted);

}  // namespace clinikk::api
