#include "api/tus_metadata.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "domain/file_name.hpp"
#include "http/endpoint/binding.hpp"
#include "http/message/content_disposition.hpp"

namespace clinikk::api {
namespace {

using Pairs = std::vector<http::TusMetadataPair>;

/// The value of a key that has one; null when the key is missing or its value is empty.
std::string const* value_of(Pairs const& pairs, std::string_view key) {
    auto const found = std::ranges::find(pairs, key, &http::TusMetadataPair::key);
    return found == pairs.end() || found->value.empty() ? nullptr : &found->value;
}

/// The pairs as the fields of a form, with those that follow from others.
http::Input as_input(Pairs const& pairs) {
    http::Input input;
    for (auto const& pair : pairs) input.body.push_back(http::text_field(std::string(pair.key), pair.value));
    auto const add = [&](std::string_view name, std::string_view text) {
        bool const is_given = std::ranges::find(pairs, name, &http::TusMetadataPair::key) != pairs.end();
        if (!is_given) input.body.push_back(http::text_field(std::string(name), std::string(text)));
    };
    auto const* file_name = value_of(pairs, "filename");
    if (file_name == nullptr) file_name = value_of(pairs, "name");
    if (file_name != nullptr) add("title", without_directories(*file_name));
    auto const* const media_type = value_of(pairs, "filetype");
    auto const kind = media_type == nullptr ? std::string_view() : kind_of_media_type(*media_type);
    if (!kind.empty()) add("content_type", kind);
    add("description", "");
    return input;
}

}  // namespace

Result<TusDescription> read_tus_description(Pairs const& pairs) {
    auto const input = as_input(pairs);
    auto const fields = http::bind<TusMetadataFields>(input);
    if (!fields) return fields.error();
    auto file_name = fields->filename ? fields->filename->value()
                     : fields->name   ? fields->name->value()
                                      : std::string();
    auto disposition = http::inline_header(without_directories(file_name));
    TusDescription described;
    described.description = {from_members<ContentDescription>(*fields), std::move(file_name), std::move(disposition)};
    described.replaces = fields->replaces.plain();
    return described;
}

}  // namespace clinikk::api
