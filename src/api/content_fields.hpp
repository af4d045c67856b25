#pragma once

#include <boost/describe/class.hpp>

#include <optional>
#include <string_view>

#include "domain/values.hpp"
#include "http/endpoint/binding.hpp"

namespace clinikk::api {

using Title = Line<1, 200>;
using Description = Text<0, 5000>;

/// What requests say about a content, in every way to make or change one: a form, a direct upload, a change. The names
/// are those of `ContentDescription`.
struct ContentFields {
    http::FormField<Title> title;
    http::FormField<Description> description;
    http::FormField<ContentKindValue> content_type;
    http::FormField<std::optional<Seconds>> duration;
    http::FormField<std::optional<HttpUrl>> thumbnail_url;
    http::FormField<std::optional<LanguageTag>> language;
    http::FormField<std::optional<VisibilityValue>> visibility;
};
BOOST_DESCRIBE_STRUCT(ContentFields, (),
                      (title, description, content_type, duration, thumbnail_url, language, visibility))

/// The kind of content that a media type states, as `content_type` has it; empty where it may be either.
std::string_view kind_of_media_type(std::string_view media_type);

}  // namespace clinikk::api
