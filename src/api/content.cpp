#include "api/content.hpp"

#include "api/routes.hpp"
#include "domain/file_name.hpp"
#include "http/message/content_disposition.hpp"

namespace clinikk::api {

void add_content_routes(Routes& routes) {
    using enum ErrorCode;
    routes.add_repeatable<create_content, created_again>(
        {.method = Method::post,
         .path = "/content",
         .tag = "content",
         .summary = "Upload a video or an audio",
         .description = "The file is streamed into the store while it is hashed and examined; the answer comes "
                        "when it is safely stored. Fields may stand before or behind the file.",
         .access = Access::editor,
         .scope = Scope::content_write,
         .body = {BodyForm::multipart},
         .over_limit = upload_too_large,
         .success = 201,
         .headers = {answer_header::location},
         .errors = {upload_interrupted, quota_exceeded, body_too_large, media_unrecognised, media_kind_mismatch,
                    media_truncated, media_unsupported, media_probe_timeout, too_many_uploads, insufficient_storage},
         // Also for clients that offer to resume: a form cannot be resumed.
         .chosen_by_type = "multipart/form-data"});
    routes.add_cacheable<list_content>(
        {.method = Method::get,
         .path = "/content",
         .tag = "content",
         .summary = "Browse the library",
         .description = "Newest first. Where there is more, `Link` with `rel=\"next\"` leads on, and goes on "
                        "leading through everything exactly once while the library grows. Everybody sees what is "
                        "`public`; an account also what is for `members`, and all that it owns; admins see everything.",
         .access = Access::optional,
         .scope = Scope::content_read,
         .headers = {optional(answer_header::link)}});
    routes.add<get_content>({.method = Method::get,
                             .path = "/content/{content_id}",
                             .tag = "content",
                             .summary = "One content",
                             .description = "What the caller may not see is answered as what does not exist.",
                             .access = Access::optional,
                             .scope = Scope::content_read,
                             .errors = {content_not_found}});
    Operation change{.path = "/content/{content_id}",
                     .tag = "content",
                     .summary = "Change what is said of a content",
                     .description =
                         "For its owner and for administrators. Members that are left out stay as they are; "
                         "`null`, or an empty text field of a form, clears one that may be absent.",
                     .access = Access::editor,
                     .scope = Scope::content_write,
                     .body = {BodyForm::json, BodyForm::urlencoded, BodyForm::multipart},
                     .errors = {content_not_found, forbidden, media_kind_mismatch}};
    change.method = Method::put;
    routes.add_repeatable<update_content, changed_again>(change);
    change.method = Method::patch;
    routes.add_repeatable<patch_content, changed_again>(change);
    routes.add<delete_content>({.method = Method::del,
                                .path = "/content/{content_id}",
                                .tag = "content",
                                .summary = "Delete a content and its bytes",
                                .description = "For its owner and for administrators.",
                                .access = Access::editor,
                                .scope = Scope::content_write,
                                .errors = {content_not_found, forbidden}});
}

namespace {

/// Adapts a multipart form to the upload that the service pulls.
class FormUpload : public IncomingUpload {
public:
    FormUpload(Request const& request, FileForm<ContentFields>& form) : request_(request), form_(form) {}

    std::optional<std::uint64_t> announced_size() const override {
        if (request_.head.framing != BodyFraming::length) return std::nullopt;
        return request_.head.content_length;
    }

    Task<Result<IncomingFile>> file() override {
        auto const part = co_await form_.file();
        if (!part) co_return part.error();
        IncomingFile file{*part, (*part)->name, inline_header(without_directories((*part)->name))};
        co_return file;
    }

    Task<Result<ContentDescription>> description() override {
        auto const fields = co_await form_.fields();
        if (!fields) co_return fields.error();
        co_return from_members<ContentDescription>(*fields);
    }

private:
    Request const& request_;
    FileForm<ContentFields>& form_;
};

/// The URL of the next page: the same query with a cursor instead of `skip`.
std::string next_page(std::string_view base_url, ListContentRequest const& list, Content const& last) {
    std::string url = std::string(base_url) + "/content?limit=" + std::to_string(list.limit->value());
    if (list.content_type) {
        url += list.content_type->value() == ContentKind::video ? "&content_type=video" : "&content_type=audio";
    }
    if (list.sort && list.sort->value() == ContentSort::oldest_first) url += "&sort=oldest_first";
    return url + "&cursor=" + format_cursor({last.created_at, last.id});
}

}  // namespace

Task<Result<Reply<ContentView>>> create_content(Services& services, Request& request, FileForm<ContentFields>& form) {
    FormUpload upload(request, form);
    auto content = co_await services.uploads.receive(*request.caller, upload);
    if (!content) co_return content.error();
    co_return created_content(std::move(*content), request.base_url);
}

Task<Result<Reply<ContentView>>> created_again(Services& services, Request& request, Uuid content_id) {
    auto content = co_await services.contents.get(request.account(), content_id);
    if (!content) co_return content.error();
    co_return created_content(std::move(*content), request.base_url);
}

Task<Result<ContentView>> changed_again(Services& services, Request& request, Uuid content_id) {
    auto content = co_await services.contents.get(request.account(), content_id);
    if (!content) co_return content.error();
    co_return view_content(std::move(*content), request.base_url);
}

Task<Result<Reply<std::vector<ContentView>>>> list_content(Services& services, Viewer viewer, ListContentRequest list) {
    // One item more than requested shows whether there is a next page.
    auto const limit = list.limit->value();
    ContentQuery const query{.kind = list.content_type.plain(),
                             .sort = list.sort.plain().value_or(ContentSort::newest_first),
                             .after = list.cursor.plain(),
                             .skip = list.skip->value(),
                             .limit = limit + 1};
    auto contents = co_await services.contents.list(viewer.account, query);
    Reply<std::vector<ContentView>> reply;
    if (contents.size() > static_cast<std::size_t>(limit)) {
        contents.pop_back();
        reply.headers.add("Link", "<" + next_page(viewer.base_url, list, contents.back()) + ">; rel=\"next\"");
    }
    reply.value.reserve(contents.size());
    for (auto& content : contents) reply.value.push_back(view_content(std::move(content), viewer.base_url));
    co_return reply;
}

Task<Result<ContentView>> get_content(Services& services, Request& request, ContentRequest wanted) {
    auto content = co_await services.contents.get(request.account(), wanted.content_id->value());
    if (!content) co_return content.error();
    co_return view_content(std::move(*content), request.base_url);
}

Task<Result<ContentView>> update_content(Services& services, Request& request, UpdateContentRequest update) {
    auto const changes = update.changes.to<ContentDescription>();
    auto content = co_await services.contents.update(*request.caller, update.content_id->value(), changes);
    if (!content) co_return content.error();
    co_return view_content(std::move(*content), request.base_url);
}

Task<Result<ContentView>> patch_content(Services& services, Request& request, UpdateContentRequest update) {
    return update_content(services, request, std::move(update));
}

Task<Result<DeletedView>> delete_content(Services& services, Request& request, ContentRequest wanted) {
    auto const removed = co_await services.contents.remove(*request.caller, wanted.content_id->value());
    if (!removed) co_return removed.error();
    co_return DeletedView{"Content deleted successfully"};
}

}  // namespace clinikk::api
