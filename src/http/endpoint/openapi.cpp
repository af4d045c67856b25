#include "http/endpoint/openapi.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <span>

namespace clinikk::http {
namespace {

namespace json = boost::json;

std::string_view type_name(ValueSchema::Type type) {
    switch (type) {
        case ValueSchema::Type::string: return "string";
        case ValueSchema::Type::integer: return "integer";
        case ValueSchema::Type::boolean: return "boolean";
    }
    return "";
}

std::string_view place_name(ParameterPlace place) {
    switch (place) {
        case ParameterPlace::path: return "path";
        case ParameterPlace::query: return "query";
        case ParameterPlace::header: return "header";
        case ParameterPlace::cookie: return "cookie";
    }
    return "";
}

json::value typed(std::string_view text, ValueSchema::Type type) {
    if (type == ValueSchema::Type::integer) return std::stoll(std::string(text));
    if (type == ValueSchema::Type::boolean) return text == "true";
    return json::value(text);
}

json::object scalar_json(ValueSchema const& schema, bool nullable) {
    json::object out;
    if (nullable) {
        out["type"] = json::array{type_name(schema.type), "null"};
    } else {
        out["type"] = type_name(schema.type);
    }
    if (!schema.format.empty()) out["format"] = schema.format;
    if (schema.min_length) out["minLength"] = *schema.min_length;
    if (schema.max_length) out["maxLength"] = *schema.max_length;
    if (schema.minimum) out["minimum"] = *schema.minimum;
    if (schema.maximum) out["maximum"] = *schema.maximum;
    if (!schema.pattern.empty()) out["pattern"] = schema.pattern;
    if (!schema.choices.empty()) {
        json::array choices;
        for (auto const choice : schema.choices) choices.emplace_back(choice);
        if (nullable) choices.emplace_back(nullptr);
        out["enum"] = std::move(choices);
    }
    if (!schema.fallback.empty()) out["default"] = typed(schema.fallback, schema.type);
    if (!schema.example.empty()) out["examples"] = json::array{typed(schema.example, schema.type)};
    if (!schema.description.empty()) out["description"] = schema.description;
    return out;
}

/// Builds the document; collects the components that its parts refer to.
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
        add_problem_component();

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
        out["components"] = json::object{{"schemas", std::move(schemas_)},
                                         {"headers", std::move(headers_)},
                                         {"responses", std::move(responses_)},
                                         {"securitySchemes", security_schemes()}};
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
        out["security"] = operation.access == Access::anyone ? json::array{}
                                                             : json::array{json::object{{"bearer", json::array{}}},
                                                                           json::object{{"password", json::array{}}}};
        if (!endpoint.schema.parameters.empty()) out["parameters"] = parameters_json(endpoint.schema);
        if (!operation.body.empty()) out["requestBody"] = body_json(endpoint);
        out["responses"] = responses_json(endpoint);
        return out;
    }

    json::array parameters_json(OperationSchema const& schema) {
        json::array out;
        for (auto const& [place, member] : schema.parameters) {
            out.push_back(json::object{{"name", member.name},
                                       {"in", place_name(place)},
                                       {"required", place == ParameterPlace::path || member.required},
                                       {"schema", schema_json(member.schema)}});
        }
        return out;
    }

    json::object body_json(Endpoint const& endpoint) {
        json::object content;
        for (auto const form : endpoint.operation.body) {
            auto object = members_json(endpoint.schema.body);
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
            auto const type = form == BodyForm::json         ? "application/json"
                              : form == BodyForm::urlencoded ? "application/x-www-form-urlencoded"
                                                             : "multipart/form-data";
            content[type] = json::object{{"schema", std::move(object)}};
        }
        return {{"required", true}, {"content", std::move(content)}};
    }

    /// A form has no null: a member that may be absent is left out.
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
            response["headers"] = headers_json(fields);
            if (!answer.media_type.empty()) {
                json::object content;
                if (answer.media_type == "application/json") content["schema"] = schema_json(endpoint.schema.answer);
                response["content"] = json::object{{answer.media_type, std::move(content)}};
            }
            merge(out, std::to_string(answer.status), std::move(response));
        }
        if (endpoint.schema.answer.kind != Schema::Kind::none) {
            json::object content{{"schema", schema_json(endpoint.schema.answer)}};
            auto fields = operation.headers;
            std::ranges::copy(headers_of_json(), std::back_inserter(fields));
            std::ranges::copy(headers_of_every_answer(), std::back_inserter(fields));
            merge(out, std::to_string(operation.success),
                  json::object{{"description", reason_phrase(operation.success)},
                               {"headers", headers_json(fields)},
                               {"content", json::object{{"application/json", std::move(content)}}}});
        }
        for (auto const& [status, codes] : by_status(listed_errors(endpoint))) {
            auto const name = error_component(status, codes);
            if (out.contains(std::to_string(status))) {
                merge(out, std::to_string(status), responses_[name].as_object());
            } else {
                out[std::to_string(status)] = json::object{{"$ref", "#/components/responses/" + name}};
            }
        }
        return out;
    }

    /// Each field by its component, of which an optional field has one of its own.
    json::object headers_json(std::span<AnswerHeader const> headers) {
        json::object out;
        for (auto const& header : headers) {
            json::object schema{{"type", type_name(header.type)}};
            if (!header.pattern.empty()) schema["pattern"] = header.pattern;
            json::object component{{"description", header.description}, {"schema", std::move(schema)}};
            if (header.required) component["required"] = true;
            out[header.name] = header_reference(header.name, std::move(component));
        }
        return out;
    }

    json::object header_reference(std::string_view name, json::object component) {
        auto const key = (component.contains("required") ? "" : "Optional-") + std::string(name);
        headers_[key] = std::move(component);
        return {{"$ref", "#/components/headers/" + key}};
    }

    /// What only one of two answers has is optional for both together.
    void merge_headers(json::object& there, json::object const& added) {
        auto const relax = [&](json::string_view name, json::value& field) {
            auto const* const whole = headers_.if_contains(name);
            bool const is_optional =
                field.as_object()["$ref"].as_string().starts_with("#/components/headers/Optional-");
            if (is_optional || whole == nullptr) return;
            auto component = whole->as_object();
            component.erase("required");
            field = header_reference(name, std::move(component));
        };
        for (auto& field : there) {
            auto const* const other = added.if_contains(field.key());
            if (other == nullptr || *other != field.value()) relax(field.key(), field.value());
        }
        for (auto const& field : added) {
            if (there.contains(field.key())) continue;
            auto& taken = there[field.key()];
            taken = field.value();
            relax(field.key(), taken);
        }
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
        merge_headers(there->as_object()["headers"].as_object(), response["headers"].as_object());
    }

    static std::map<int, std::vector<ErrorCode>> by_status(std::vector<ErrorCode> const& codes) {
        std::map<int, std::vector<ErrorCode>> grouped;
        for (auto const code : codes) grouped[describe(code).status].push_back(code);
        return grouped;
    }

    /// Operations that may fail in the same ways share a component.
    std::string error_component(int status, std::vector<ErrorCode> const& codes) {
        std::string name = "Error" + std::to_string(status);
        std::string description;
        json::array enumeration;
        for (auto const code : codes) {
            auto const& kind = describe(code);
            name += '_';
            name += kind.name;
            if (!description.empty()) description += '\n';
            description += "- `" + std::string(kind.name) + "`: " + std::string(kind.sentence);
            enumeration.emplace_back(kind.name);
        }
        if (!responses_.contains(name)) {
            json::object narrowed{{"properties", json::object{{"code", json::object{{"enum", enumeration}}}}}};
            json::array both{json::object{{"$ref", "#/components/schemas/Problem"}}, std::move(narrowed)};
            json::object schema{{"allOf", std::move(both)}};
            json::object media{{"application/problem+json", json::object{{"schema", std::move(schema)}}}};
            responses_[name] = json::object{{"description", description},
                                            {"headers", headers_json(headers_of_problem(status, codes))},
                                            {"content", std::move(media)}};
        }
        return name;
    }

    json::object schema_json(Schema const& schema) {
        switch (schema.kind) {
            case Schema::Kind::none: return {};
            case Schema::Kind::scalar: return scalar_json(schema.scalar, schema.nullable);
            case Schema::Kind::array: return {{"type", "array"}, {"items", schema_json(*schema.items)}};
            case Schema::Kind::object: break;
        }
        if (!schemas_.contains(schema.name)) schemas_[schema.name] = members_json(schema.members);
        json::object reference{{"$ref", "#/components/schemas/" + std::string(schema.name)}};
        if (!schema.nullable) return reference;
        return {{"anyOf", json::array{std::move(reference), json::object{{"type", "null"}}}}};
    }

    json::object members_json(std::vector<MemberSchema> const& members) {
        json::object properties;
        json::array required;
        for (auto const& member : members) {
            properties[member.name] = schema_json(member.schema);
            if (member.required) required.emplace_back(member.name);
        }
        return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
    }

    void add_problem_component() {
        auto const text = [](std::string_view description) {
            return json::object{{"type", "string"}, {"description", description}};
        };
        json::object field{{"type", "object"},
                           {"properties", json::object{{"detail", text("What is wrong")},
                                                       {"pointer", text("Where: a JSON Pointer as a URI fragment")}}},
                           {"required", json::array{"detail", "pointer"}}};
        schemas_["Problem"] = json::object{
            {"type", "object"},
            {"description", "An error (RFC 9457)"},
            {"properties", json::object{{"type", text("A page about this kind of error")},
                                        {"title", text("The kind of error in a few words")},
                                        {"status", json::object{{"type", "integer"}}},
                                        {"detail", text("What went wrong this time")},
                                        {"instance", text("`urn:uuid:` and the request id, as the log has it")},
                                        {"code", text("A stable name for the kind of error")},
                                        {"errors", json::object{{"type", "array"}, {"items", std::move(field)}}}}},
            {"required", json::array{"type", "title", "status", "detail", "instance", "code"}}};
    }

    static json::object security_schemes() {
        json::object flow{{"tokenUrl", "/auth/token"}, {"scopes", json::object{}}};
        return {{"bearer", json::object{{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}}},
                {"password", json::object{{"type", "oauth2"},
                                          {"description", "Log in with an e-mail address and a password"},
                                          {"flows", json::object{{"password", std::move(flow)}}}}}};
    }

    json::object schemas_;
    json::object headers_;
    json::object responses_;
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

/// Indented, so that a change of the API is a readable difference. Boost.JSON only prints on one line.
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
