#include "api/content.hpp"

#include "api/content_cursor.hpp"
#include "api/content_fields.hpp"
#include "api/content_view.hpp"
#include "http/content_disposition.hpp"

namespace clinikk::api {

using namespace http;

namespace {

struct UploadFields {
    FormField<Title> title;
    FormField<Description> description;
    FormField<ContentKindValue> content_type;
    FormField<std::optional<Seconds>> duration;
    FormField<std::optional<HttpUrl>> thumbnail_url;
};
BOOST_DESCRIBE_STRUCT(UploadFields, (), (title, description, content_type, duration, thumbnail_url))

struct ListRequest {
    Query<Skip> skip;
    Query<PageLimit> limit;
    Query<std::optional<ContentKindValue>> content_type;
    Query<std::optional<ContentSortValue>> sort;
    Query<std::optional<CursorValue>> cursor;
};
BOOST_DESCRIBE_STRUCT(ListRequest, (), (skip, limit, content_type, sort, cursor))

struct ContentRequest {
    Path<UuidValue> content_id;
};
BOOST_DESCRIBE_STRUCT(ContentRequest, (), (content_id))

struct UpdateRequest {
    Path<UuidValue> content_id;
    FormField<std::optional<Title>> title;
    FormField<std::optional<Description>> description;
    FormField<std::optional<ContentKindValue>> content_type;
    FormField<std::optional<Seconds>> duration;
    FormField<std::optional<HttpUrl>> thumbnail_url;
};
BOOST_DESCRIBE_STRUCT(UpdateRequest, (), (content_id, title, description, content_type, duration, thumbnail_url))

struct DeletedView {
    static constexpr std::string_view schema_name = "Deleted";
    std::string_view detail;
};
BOOST_DESCRIBE_STRUCT(DeletedView, (), (detail))

/// A multipart form as an upload.
class FormUpload : public IncomingUpload {
public:
    FormUpload(Request const& request, FileForm<UploadFields>& form) : request_(request), form_(form) {}

    std::optional<std::uint64_t> announced_size() const override {
        if (request_.head.framing != BodyFraming::length) return std::nullopt;
        return request_.head.content_length;
    }

    Task<Result<IncomingFile>> file() override {
        auto const part = co_await form_.file();
        if (!part) co_return part.error();
        IncomingFile file{*part, (*part)->name, inline_header((*part)->name)};
        co_return file;
    }

    std::optional<ContentKind> stated_kind() const override {
        auto const text = form_.field("content_type");
        if (!text) return std::nullopt;
        auto const kind = ContentKindValue::parse(*text);
        return kind ? std::optional(kind->value()) : std::nullopt;
    }

    Task<Result<NewContent>> description() override {
        auto const fields = co_await form_.fields();
        if (!fields) co_return fields.error();
        NewContent content{fields->title->value(), fields->description->value(), fields->content_type->value(),
                           optional_value(fields->duration), optional_value(fields->thumbnail_url)};
        co_return content;
    }

private:
    Request const& request_;
    FileForm<UploadFields>& form_;
};

/// The URL of the page behind this one: the same question with a cursor instead of `skip`.
std::string next_page(Request const& request, ListRequest const& list, Content const& last) {
    std::string url = request.base_url + "/content?limit=" + std::to_string(list.limit->value());
    if (list.content_type) {
        url += list.content_type->value() == ContentKind::video ? "&content_type=video" : "&content_type=audio";
    }
    if (list.sort && list.sort->value() == ContentSort::oldest_first) url += "&sort=oldest_first";
    return url + "&cursor=" + format_cursor({last.created_at, last.id});
}

}  // namespace

class ContentApi::Handlers {
public:
    Handlers(ContentService& contents, UploadService& uploads) : contents_(contents), uploads_(uploads) {}

    Task<Result<Reply<ContentView>>> create(Request& request, FileForm<UploadFields>& form) {
        FormUpload upload(request, form);
        auto content = co_await uploads_.receive(*request.caller, upload);
        if (!content) co_return content.error();
        auto const location = request.base_url + "/content/" + content->id.to_string();
        Reply<ContentView> reply{view_content(std::move(*content), request.base_url)};
        reply.headers.add("Location", location);
        co_return reply;
    }

    Task<Result<Reply<std::vector<ContentView>>>> list(Request& request, ListRequest list) {
        // One more than asked for tells whether there is a next page.
        auto const limit = list.limit->value();
        ContentQuery const query{optional_value(list.content_type),
                                 list.sort ? list.sort->value() : ContentSort::newest_first,
                                 optional_value(list.cursor), list.skip->value(), limit + 1};
        auto contents = co_await contents_.list(query);
        Reply<std::vector<ContentView>> reply;
        if (contents.size() > static_cast<std::size_t>(limit)) {
            contents.pop_back();
            reply.headers.add("Link", "<" + next_page(request, list, contents.back()) + ">; rel=\"next\"");
        }
        reply.value.reserve(contents.size());
        for (auto& content : contents) reply.value.push_back(view_content(std::move(content), request.base_url));
        co_return reply;
    }

    Task<Result<ContentView>> get(Request& request, ContentRequest wanted) {
        auto content = co_await contents_.get(wanted.content_id->value());
        if (!content) co_return content.error();
        co_return view_content(std::move(*content), request.base_url);
    }

    Task<Result<ContentView>> update(Request& request, UpdateRequest update) {
        ContentChanges const changes{optional_value(update.title), optional_value(update.description),
                                     optional_value(update.content_type), optional_value(update.duration),
                                     optional_value(update.thumbnail_url)};
        auto content = co_await contents_.update(*request.caller, update.content_id->value(), changes);
        if (!content) co_return content.error();
        co_return view_content(std::move(*content), request.base_url);
    }

    Task<Result<DeletedView>> remove(Request& request, ContentRequest wanted) {
        auto const removed = co_await contents_.remove(*request.caller, wanted.content_id->value());
        if (!removed) co_return removed.error();
        co_return DeletedView{"Content deleted successfully"};
    }

private:
    ContentService& contents_;
    UploadService& uploads_;
};

ContentApi::ContentApi(ContentService& contents, UploadService& uploads, std::uint64_t max_upload_size)
    : handlers_(std::make_unique<Handlers>(contents, uploads)), max_upload_size_(max_upload_size) {}

ContentApi::~ContentApi() = default;

void ContentApi::add_to(EndpointTable& table, ContentApi* api) {
    auto* const handlers = api ? api->handlers_.get() : nullptr;
    using enum ErrorCode;
    // What a form needs around its file: other fields, part heads, boundaries.
    constexpr std::uint64_t form_overhead = 1024 * 1024;
    table.add(
        {.method = Method::post,
         .path = "/content",
         .id = "create_content",
         .tag = "content",
         .summary = "Upload a video or an audio",
         .description = "The file is streamed into the store while it is hashed and examined; the answer comes "
                        "when it is safely stored. Fields may stand before or behind the file.",
         .access = Access::editor,
         .body = {BodyForm::multipart},
         .body_limit = (api ? api->max_upload_size_ : 0) + form_overhead,
         .over_limit = upload_too_large,
         .success = 201,
         .errors = {upload_interrupted, quota_exceeded, body_too_large, media_unrecognised, media_kind_mismatch,
                    media_truncated, media_unsupported, media_probe_timeout, too_many_uploads, insufficient_storage}},
        handlers, &Handlers::create);
    table.add({.method = Method::get,
               .path = "/content",
               .id = "list_content",
               .tag = "content",
               .summary = "Browse the library",
               .description = "Newest first. Where there is more, `Link` with `rel=\"next\"` leads on, and goes on "
                              "leading through everything exactly once while the library grows.",
               .reusable = true},
              handlers, &Handlers::list);
    table.add({.method = Method::get,
               .path = "/content/{content_id}",
               .id = "get_content",
               .tag = "content",
               .summary = "One content",
               .errors = {content_not_found}},
              handlers, &Handlers::get);
    table.add({.method = Method::put,
               .path = "/content/{content_id}",
               .id = "update_content",
               .tag = "content",
               .summary = "Change what is said of a content",
               .description = "For its owner and for administrators. Members that are left out stay as they are.",
               .access = Access::editor,
               .body = {BodyForm::json, BodyForm::urlencoded, BodyForm::multipart},
               .errors = {content_not_found, forbidden, media_kind_mismatch}},
              handlers, &Handlers::update);
    table.add({.method = Method::del,
               .path = "/content/{content_id}",
               .id = "delete_content",
               .tag = "content",
               .summary = "Delete a content and its bytes",
               .description = "For its owner and for administrators.",
               .access = Access::editor,
               .errors = {content_not_found, forbidden}},
              handlers, &Handlers::remove);
}

}  // namespace clinikk::api
