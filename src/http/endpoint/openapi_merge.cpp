#include "http/endpoint/openapi_merge.hpp"

#include <boost/json/value.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include "http/message/syntax.hpp"

namespace clinikk::http {

namespace json = boost::json;

namespace {

constexpr std::string_view content_optional = "x-content-optional";

/// Makes `added` an alternative to the schema, unless it is one already.
void merge_schema(json::value& there, json::value added) {
    if (there == added) return;
    auto* const object = there.if_object();
    auto* const known = object != nullptr && object->size() == 1 ? object->if_contains("anyOf") : nullptr;
    if (known == nullptr) {
        there = json::object{{"anyOf", json::array{std::move(there), std::move(added)}}};
        return;
    }
    auto& alternatives = known->as_array();
    if (std::ranges::find(alternatives, added) == alternatives.end()) alternatives.push_back(std::move(added));
}

}  // namespace

void merge_security(json::array& there, json::array added) {
    if (there == added) return;
    if (there.empty()) there.push_back(json::object{});
    if (added.empty()) added.push_back(json::object{});
    for (auto& way : added) {
        if (std::ranges::find(there, way) == there.end()) there.push_back(std::move(way));
    }
}

void merge_content(json::object& there, json::object added) {
    for (auto& [media_type, content] : added) {
        auto* const known = there.if_contains(media_type);
        if (known == nullptr) {
            there[media_type] = std::move(content);
        } else if (auto* const schema = content.as_object().if_contains("schema")) {
            merge_schema(known->as_object()["schema"], std::move(*schema));
        }
    }
}

void merge_response_content(json::object& there, json::object& added) {
    auto* const content = added.if_contains("content");
    bool const had_content = there.contains("content");
    bool const is_optional = added.contains(content_optional) || had_content != (content != nullptr);
    if (is_optional) there[content_optional] = true;
    if (content == nullptr) return;
    if (!had_content) there["content"] = json::object{};
    merge_content(there["content"].as_object(), std::move(content->as_object()));
}

void merge_description(json::object& response, std::string_view added) {
    std::string text(response["description"].as_string());
    if (text.find(added) != text.npos) return;
    response["description"] = text.append("; or: ").append(added);
}

void MergedParameters::add(json::object parameter, std::string_view operation_id) {
    auto const found = std::ranges::find_if(all_, [&](Taken const& taken) {
        return taken.parameter.at("in") == parameter.at("in") &&
               same_ignoring_case(taken.parameter.at("name").as_string(), parameter.at("name").as_string());
    });
    if (found == all_.end()) {
        all_.push_back({std::move(parameter), {operation_id}});
        return;
    }
    auto& there = found->parameter;
    there["required"] = there["required"].as_bool() && parameter["required"].as_bool();
    merge_schema(there["schema"], std::move(parameter["schema"]));
    found->by.push_back(operation_id);
}

json::array MergedParameters::take(std::size_t operations) {
    json::array out;
    for (auto& [parameter, by] : all_) {
        if (by.size() < operations && parameter["in"] != "path") {
            parameter["required"] = false;
            std::string text = "Only of";
            for (auto const id : by) text.append(id == by.front() ? " `" : ", `").append(id).append("`");
            if (auto const* const own = parameter.if_contains("description")) {
                text.insert(0, std::string(own->as_string()) + " ");
            }
            parameter["description"] = text;
        }
        out.push_back(std::move(parameter));
    }
    all_.clear();
    return out;
}

}  // namespace clinikk::http
