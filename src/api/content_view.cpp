#include "api/content_view.hpp"

#include "base/described.hpp"

namespace clinikk::api {

namespace {

/// The members of a view that differ from the row.
struct ComputedMembers {
    std::string storage_url;
};
BOOST_DESCRIBE_STRUCT(ComputedMembers, (), (storage_url))

std::string address_of(Content const& content, std::string_view base_url) {
    std::string address;
    address.reserve(base_url.size() + 52);
    address += base_url;
    address += "/content/";
    address += content.id.to_string();
    return address;
}

}  // namespace

ContentView view_content(Content content, std::string_view base_url) {
    ComputedMembers computed;
    computed.storage_url =
        content.storage_url ? std::move(*content.storage_url) : address_of(content, base_url) + "/stream";
    return from_members<ContentView>(std::move(computed), std::move(content));
}

http::Reply<ContentView> created_content(Content content, std::string_view base_url) {
    auto const location = address_of(content, base_url);
    http::Reply<ContentView> reply{view_content(std::move(content), base_url)};
    reply.headers.add("Location", location);
    return reply;
}

}  // namespace clinikk::api
