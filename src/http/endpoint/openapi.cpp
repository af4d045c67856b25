#include "http/endpoint/openapi.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <iterator>
#include <map>

#include "http/endpoint/openapi_components.hpp"
#include "http/endpoint/openapi_merge.hpp"
#include "http/message/syntax.hpp"

namespace clinikk::http {
namespace {

namespace json = boost::json;

std::string_view place_name(ParameterPlace place) {
    switch (place) {
        case ParameterPlace::path: return "path";
        case ParameterPlace::query: return "query";
        case ParameterPlace::header: return "header";
        case ParameterPlace::cookie: return "cookie";
    }
    return "";
}

/// The operations with one path and method, which OpenAPI has as one. The first serves the requests that choose none.
using Group = std::vector<Endpoint const*>;

std::vector<Group> group(EndpointTable const& table) {
    std::vector<Group> groups;
    for (auto const& endpoint : table.endpoints()) {
        auto const& operation = endpoint->operation;
        if (operation.hidden) continue;
        auto const found = std::ranges::find_if(groups, [&](Group const& there) {
            auto const& first = there.front()->operation;
            return first.path == operation.path && first.method == operation.method;
        });
        auto& taken = found == groups.end() ? groups.emplace_back() : *found;
        taken.push_back(endpoint.get());
    }
    for (auto& same : groups) {
        std::ranges::stable_sort(same, {}, [](Endpoint const* endpoint) { return is_chosen(endpoint->operation); });
    }
    return groups;
}

/// By what requests choose the operation, in words.
std::string choice_text(Operation const& operation) {
    std::string text;
    if (!operation.chosen_by.empty()) text = "the header field `" + std::string(operation.chosen_by) + '`';
    if (operation.chosen_by_type.empty()) return text;
    if (!text.empty()) text += " and ";
    return text + "the media type `" + std::string(operation.chosen_by_type) + "` of the body";
}

/// Builds the document.
class Writer {
public:
    json::object document(EndpointTable const& table, ApiInfo const& info) {
        json::object paths;
        for (auto const& same : group(table)) {
            auto const& operation = same.front()->operation;
            if (!paths.contains(operation.path)) paths[operation.path] = json::object{};
            paths[operation.path].as_object()[to_lower(to_string(operation.method))] = operation_json(same);
        }
        json::array tag_list;
        for (auto const& tag : info.tags) {
            tag_list.push_back(json::object{{"name", tag.name}, {"description", tag.description}});
        }

        json::object out;
        out["openapi"] = "3.1.0";
        out["info"] = json::object{
            {"title", info.title},
            {"version", info.version},
            {"description", info.description},
            {"license", json::object{{"name", "MIT"}, {"identifier", "MIT"}}},
        };
        out["servers"] = json::array{json::object{{"url", "/"}}};
        out["tags"] = std::move(tag_list);
        auto components = components_.take(paths);
        out["paths"] = std::move(paths);
        out["components"] = std::move(components);
        return out;
    }

private:
    json::object operation_json(Group const& same) {
        auto const& operation = same.front()->operation;
        json::object out;
        out["operationId"] = operation.id;
        out["summary"] = operation.summary;
        if (auto const description = description_of(same); !description.empty()) out["description"] = description;
        out["tags"] = json::array{operation.tag};
        json::array security = security_json(operation);
        for (auto const* endpoint : same) merge_security(security, security_json(endpoint->operation));
        out["security"] = std::move(security);
        if (auto parameters = parameters_json(same); !parameters.empty()) out["parameters"] = std::move(parameters);
        if (auto body = body_json(same); !body.empty()) out["requestBody"] = std::move(body);
        out["responses"] = responses_json(same);
        if (same.size() > 1) out["x-operations"] = choices_json(same);
        return out;
    }

    static std::string description_of(Group const& same) {
        std::string text(same.front()->operation.description);
        for (auto const* endpoint : same) {
            auto const& operation = endpoint->operation;
            if (endpoint == same.front()) continue;
            if (!text.empty()) text += "\n\n";
            text.append("**").append(operation.summary).append("** (`").append(operation.id).append("`), chosen by ");
            text.append(choice_text(operation)).append(". ").append(operation.description);
            while (text.ends_with(' ')) text.pop_back();
        }
        return text;
    }

    /// The operations that the document has as one, and what chooses each of them.
    static json::array choices_json(Group const& same) {
        json::array out;
        for (auto const* endpoint : same) {
            auto const& operation = endpoint->operation;
            json::object choice{{"operationId", operation.id}, {"summary", operation.summary}};
            if (!operation.chosen_by.empty()) choice["header"] = operation.chosen_by;
            if (!operation.chosen_by_type.empty()) choice["mediaType"] = operation.chosen_by_type;
            out.push_back(std::move(choice));
        }
        return out;
    }

    /// An API key needs the scopes in the list; without an entry the operation is not open to keys. The empty way is
    /// that of everybody.
    static json::array security_json(Operation const& operation) {
        json::array ways;
        if (operation.access == Access::anyone) return ways;
        if (operation.access == Access::optional) ways.push_back(json::object{});
        for (auto const* const scheme : {"bearer", "password"}) ways.push_back(json::object{{scheme, json::array{}}});
        if (operation.scope) ways.push_back(json::object{{"api_key", json::array{to_string(*operation.scope)}}});
        return ways;
    }

    /// Each parameter once, with the operations that take it where others do not.
    json::array parameters_json(Group const& same) {
        MergedParameters merged;
        for (auto const* endpoint : same) {
            for (auto& parameter : parameters_of(*endpoint)) {
                merged.add(std::move(parameter.as_object()), endpoint->operation.id);
            }
        }
        return merged.take(same.size());
    }

    json::array parameters_of(Endpoint const& endpoint) {
        auto const& operation = endpoint.operation;
        json::array out;
        for (auto const& [place, member] : endpoint.schema.parameters) {
            out.push_back(json::object{{"name", member.name},
                                       {"in", place_name(place)},
                                       {"required", place == ParameterPlace::path || member.required},
                                       {"schema", components_.schema(member.schema)}});
        }
        auto const chooses = [&](ParameterSchema const& parameter) {
            return parameter.place == ParameterPlace::header &&
                   same_ignoring_case(parameter.member.name, operation.chosen_by);
        };
        if (!operation.chosen_by.empty() && std::ranges::none_of(endpoint.schema.parameters, chooses)) {
            out.push_back(json::object{{"name", operation.chosen_by},
                                       {"in", "header"},
                                       {"required", false},
                                       {"schema", json::object{{"type", "string"}}}});
        }
        if (takes_idempotency_key(operation)) out.push_back(idempotency_key_json());
        return out;
    }

    static json::object idempotency_key_json() {
        return {
            {"name", "Idempotency-Key"},
            {"in", "header"},
            {"required", false},
            {"description",
             "A string in quotes, 1 to 255 characters, that stands for this request: whatever was asked for with it "
             "within the last 24 hours is not done again, and has the same answer."},
            {"schema", json::object{{"type", "string"}, {"maxLength", 512}}},
            {"example", R"("8e03978e-40d5-43e8-bc93-6894a57f9324")"}};
    }

    /// The bodies by media type; none when no operation takes one. It is required if all of them need it.
    json::object body_json(Group const& same) {
        json::object content;
        bool is_required = true;
        for (auto const* endpoint : same) {
            auto const& operation = endpoint->operation;
            is_required = is_required && !operation.body.empty() && !operation.body_optional;
            merge_content(content, body_content(*endpoint));
        }
        if (content.empty()) return {};
        return {{"required", is_required}, {"content", std::move(content)}};
    }

    json::object body_content(Endpoint const& endpoint) {
        json::object content;
        for (auto const media_type : endpoint.schema.raw_body) {
            content[media_type] = json::object{{"schema", json::object{}}};
        }
        for (auto const form : endpoint.operation.body) {
            if (form == BodyForm::raw) continue;
            auto object = components_.object(endpoint.schema.body);
            if (form == BodyForm::json) {
                object["additionalProperties"] = false;
            } else {
                not_nullable(object);
            }
            if (endpoint.schema.file_part) {
                object["properties"].as_object()["file"] =
                    json::object{{"type", "string"},
                                 {"contentMediaType", "application/octet-stream"},
                                 {"description", "The media file itself; its bytes decide what it is."}};
                object["required"].as_array().emplace_back("file");
            }
            content[media_type_of(form)] = json::object{{"schema", std::move(object)}};
        }
        return content;
    }

    /// A form has no null: an optional member is left out instead.
    static void not_nullable(json::object& object) {
        for (auto& property : object["properties"].as_object()) {
            auto& schema = property.value().as_object();
            if (schema["type"].is_array()) schema["type"] = json::value(schema["type"].as_array().front());
            if (auto* choices = schema.if_contains("enum"); choices && choices->as_array().back().is_null()) {
                choices->as_array().pop_back();
            }
        }
    }

    json::object responses_json(Group const& same) {
        json::object out;
        std::vector<ErrorCode> errors;
        for (auto const* endpoint : same) {
            for (auto& answer : answers_json(*endpoint)) {
                merge_other(out, answer.key(), std::move(answer.value().as_object()));
            }
            std::ranges::copy(listed_errors(*endpoint), std::back_inserter(errors));
        }
        for (auto const& [status, codes] : by_status(errors)) {
            auto const name = components_.error_response(status, codes);
            if (out.contains(std::to_string(status))) {
                merge(out, std::to_string(status), components_.response(name));
            } else {
                out[std::to_string(status)] = json::object{{"$ref", "#/components/responses/" + name}};
            }
        }
        return out;
    }

    /// The answers of one operation that are no errors.
    json::object answers_json(Endpoint const& endpoint) {
        auto const& operation = endpoint.operation;
        json::object out;
        for (auto const& answer : operation.answers) {
            json::object response{{"description", answer.description}};
            auto fields = answer.headers;
            std::ranges::copy(headers_of_every_answer(), std::back_inserter(fields));
            response["headers"] = components_.headers(fields);
            if (!answer.media_type.empty()) {
                json::object content;
                if (answer.media_type == "application/json")
                    content["schema"] = components_.schema(endpoint.schema.answer);
                response["content"] = json::object{{answer.media_type, std::move(content)}};
            }
            merge(out, std::to_string(answer.status), std::move(response));
        }
        if (endpoint.schema.answer.kind != Schema::Kind::none) {
            json::object content{{"schema", components_.schema(endpoint.schema.answer)}};
            auto fields = operation.headers;
            std::ranges::copy(headers_of_json(), std::back_inserter(fields));
            std::ranges::copy(headers_of_every_answer(), std::back_inserter(fields));
            merge(out, std::to_string(operation.success),
                  json::object{{"description", reason_phrase(operation.success)},
                               {"headers", components_.headers(fields)},
                               {"content", json::object{{"application/json", std::move(content)}}}});
        }
        return out;
    }

    /// As `merge`, with the answer of another operation, which means something else.
    void merge_other(json::object& responses, std::string_view status, json::object response) {
        if (auto* const there = responses.if_contains(status)) {
            merge_description(there->as_object(), response["description"].as_string());
        }
        merge(responses, status, std::move(response));
    }

    /// Two media types of one status are one response with both.
    void merge(json::object& responses, std::string_view status, json::object response) {
        auto* const found = responses.if_contains(status);
        if (found == nullptr) {
            responses[status] = std::move(response);
            return;
        }
        auto& there = found->as_object();
        components_.merge_headers(there["headers"].as_object(), response["headers"].as_object());
        merge_response_content(there, response);
    }

    static std::map<int, std::vector<ErrorCode>> by_status(std::vector<ErrorCode> const& codes) {
        std::map<int, std::vector<ErrorCode>> grouped;
        for (auto const code : codes) {
            auto& same = grouped[describe(code).status];
            if (std::ranges::find(same, code) == same.end()) same.push_back(code);
        }
        for (auto& [status, same] : grouped) std::ranges::sort(same);
        return grouped;
    }

    OpenapiComponents components_;
};

void print(std::string& out, json::value const& value, int depth);

void indent(std::string& out, int depth) {
    out += '\n';
    out.append(static_cast<std::size_t>(depth) * 2, ' ');
}

void print_object(std::string& out, json::object const& object, int depth) {
    out += '{';
    bool first = true;
    for (auto const& member : object) {
        if (!first) out += ',';
        first = false;
        indent(out, depth + 1);
        out += json::serialize(json::string(member.key())) + ": ";
        print(out, member.value(), depth + 1);
    }
    indent(out, depth);
    out += '}';
}

void print_array(std::string& out, json::array const& array, int depth) {
    out += '[';
    bool first = true;
    for (auto const& item : array) {
        if (!first) out += ',';
        first = false;
        indent(out, depth + 1);
        print(out, item, depth + 1);
    }
    indent(out, depth);
    out += ']';
}

/// Prints with indentation, so that a change of the API is a readable difference. Boost.JSON only prints on one line.
void print(std::string& out, json::value const& value, int depth) {
    if (value.is_object() && !value.get_object().empty()) {
        print_object(out, value.get_object(), depth);
    } else if (value.is_array() && !value.get_array().empty()) {
        print_array(out, value.get_array(), depth);
    } else {
        out += json::serialize(value);
    }
}

}  // namespace

std::string openapi_document(EndpointTable const& table, ApiInfo const& info) {
    std::string out;
    print(out, Writer().document(table, info), 0);
    out += '\n';
    return out;
}

}  // namespace clinikk::http
