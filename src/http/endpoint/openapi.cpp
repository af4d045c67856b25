#include "http/endpoint/openapi.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <iterator>
#include <map>

#include "http/endpoint/openapi_components.hpp"

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

/// Builds the document.
class Writer {
public:
    json::object document(EndpointTable const& table, ApiInfo const& info) {
        json::object paths;
        for (auto const& endpoint : table.endpoints()) {
            auto const& operation = endpoint->operation;
            if (operation.hidden) continue;
            if (!paths.contains(operation.path)) paths[operation.path] = json::object{};
            auto method = std::string(to_string(operation.method));
            for (auto& c : method) c = static_cast<char>(c | 0x20);
            paths[operation.path].as_object()[method] = operation_json(*endpoint);
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
        out["paths"] = std::move(paths);
        out["components"] = components_.take();
        return out;
    }

private:
    json::object operation_json(Endpoint const& endpoint) {
        auto const& operation = endpoint.operation;
        json::object out;
        out["operationId"] = operation.id;
        out["summary"] = operation.summary;
        if (!operation.description.empty()) out["description"] = operation.description;
        out["tags"] = json::array{operation.tag};
        out["security"] = security_json(operation);
        if (!endpoint.schema.parameters.empty()) out["parameters"] = parameters_json(endpoint.schema);
        if (!operation.body.empty()) out["requestBody"] = body_json(endpoint);
        out["responses"] = responses_json(endpoint);
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

    json::array parameters_json(OperationSchema const& schema) {
        json::array out;
        for (auto const& [place, member] : schema.parameters) {
            out.push_back(json::object{{"name", member.name},
                                       {"in", place_name(place)},
                                       {"required", place == ParameterPlace::path || member.required},
                                       {"schema", components_.schema(member.schema)}});
        }
        return out;
    }

    json::object body_json(Endpoint const& endpoint) {
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
        return {{"required", true}, {"content", std::move(content)}};
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

    json::object responses_json(Endpoint const& endpoint) {
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
        for (auto const& [status, codes] : by_status(listed_errors(endpoint))) {
            auto const name = components_.error_response(status, codes);
            if (out.contains(std::to_string(status))) {
                merge(out, std::to_string(status), components_.response(name));
            } else {
                out[std::to_string(status)] = json::object{{"$ref", "#/components/responses/" + name}};
            }
        }
        return out;
    }

    /// Two media types of one status are one response with both.
    void merge(json::object& responses, std::string const& status, json::object response) {
        auto* there = responses.if_contains(status);
        if (there == nullptr) {
            responses[status] = std::move(response);
            return;
        }
        auto& content = there->as_object()["content"].as_object();
        for (auto& entry : response["content"].as_object()) content[entry.key()] = std::move(entry.value());
        components_.merge_headers(there->as_object()["headers"].as_object(), response["headers"].as_object());
    }

    static std::map<int, std::vector<ErrorCode>> by_status(std::vector<ErrorCode> const& codes) {
        std::map<int, std::vector<ErrorCode>> grouped;
        for (auto const code : codes) grouped[describe(code).status].push_back(code);
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
