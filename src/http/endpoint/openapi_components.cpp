#include "http/endpoint/openapi_components.hpp"

#include <boost/json/value.hpp>

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace clinikk::http {
namespace {

namespace json = boost::json;

std::string_view type_name(ValueSchema::Type type) {
    switch (type) {
        case ValueSchema::Type::string: return "string";
        case ValueSchema::Type::integer: return "integer";
        case ValueSchema::Type::boolean: return "boolean";
        case ValueSchema::Type::object: return "object";
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

json::object problem_schema() {
    auto const text = [](std::string_view description) {
        return json::object{{"type", "string"}, {"description", description}};
    };
    json::object field{{"type", "object"},
                       {"properties", json::object{{"detail", text("What is wrong")},
                                                   {"pointer", text("Where: a JSON Pointer as a URI fragment")}}},
                       {"required", json::array{"detail", "pointer"}}};
    return {
        {"type", "object"},
        {"description",
         "An error (RFC 9457). A `type` that another specification defines has its members beside these."},
        {"properties",
         json::object{{"type", text("A page about this kind of error, or the type that another specification defines")},
                      {"title", text("The kind of error in a few words")},
                      {"status", json::object{{"type", "integer"}}},
                      {"detail", text("What went wrong this time")},
                      {"instance", text("`urn:uuid:` and the request id, as the log has it")},
                      {"code", text("A stable name for the kind of error")},
                      {"errors", json::object{{"type", "array"}, {"items", std::move(field)}}}}},
        {"required", json::array{"type", "title", "status", "detail", "instance", "code"}}};
}

json::object security_schemes() {
    json::object flow{{"tokenUrl", "/auth/token"}, {"scopes", json::object{}}};
    return {{"bearer", json::object{{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}}},
            {"password", json::object{{"type", "oauth2"},
                                      {"description", "Log in with an e-mail address and a password"},
                                      {"flows", json::object{{"password", std::move(flow)}}}}},
            {"api_key", json::object{{"type", "http"},
                                     {"scheme", "bearer"},
                                     {"bearerFormat", "ctv_…"},
                                     {"description", "A key from `POST /auth/keys` with the scope that is listed"}}}};
}

using References = std::set<std::string, std::less<>>;

/// Adds each `$ref` in the value.
void add_references(References& references, json::value const& value) {
    if (auto const* const items = value.if_array()) {
        for (auto const& item : *items) add_references(references, item);
    } else if (auto const* const object = value.if_object()) {
        for (auto const& [name, member] : *object) {
            if (name == "$ref") {
                references.emplace(member.as_string());
            } else {
                add_references(references, member);
            }
        }
    }
}

void remove_unused(json::object& components, std::string_view place, References const& references) {
    json::object used;
    for (auto& [name, component] : components) {
        if (references.contains(std::string(place) + std::string(name))) used[name] = std::move(component);
    }
    components = std::move(used);
}

}  // namespace

json::object OpenapiComponents::schema(Schema const& schema) {
    switch (schema.kind) {
        case Schema::Kind::none: return {};
        case Schema::Kind::scalar: return scalar_json(schema.scalar, schema.nullable);
        case Schema::Kind::array: return {{"type", "array"}, {"items", this->schema(*schema.items)}};
        case Schema::Kind::any_of: {
            json::array alternatives;
            for (auto const& each : schema.alternatives) alternatives.push_back(this->schema(each));
            return {{"anyOf", std::move(alternatives)}};
        }
        case Schema::Kind::object: break;
    }
    if (!schemas_.contains(schema.name)) schemas_[schema.name] = object(schema.members);
    json::object reference{{"$ref", "#/components/schemas/" + std::string(schema.name)}};
    if (!schema.nullable) return reference;
    return {{"anyOf", json::array{std::move(reference), json::object{{"type", "null"}}}}};
}

json::object OpenapiComponents::object(std::vector<MemberSchema> const& members) {
    json::object properties;
    json::array required;
    for (auto const& member : members) {
        properties[member.name] = schema(member.schema);
        if (member.required) required.emplace_back(member.name);
    }
    return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

json::object OpenapiComponents::headers(std::span<AnswerHeader const> headers) {
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

json::object OpenapiComponents::header_reference(std::string_view name, json::object component) {
    auto const key = (component.contains("required") ? "" : "Optional-") + std::string(name);
    headers_[key] = std::move(component);
    return {{"$ref", "#/components/headers/" + key}};
}

void OpenapiComponents::merge_headers(json::object& there, json::object const& added) {
    auto const relax = [&](json::string_view name, json::value& field) {
        auto const* const whole = headers_.if_contains(name);
        bool const is_optional = field.as_object()["$ref"].as_string().starts_with("#/components/headers/Optional-");
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

std::string OpenapiComponents::error_response(int status, std::vector<ErrorCode> const& codes) {
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
                                        {"headers", headers(headers_of_problem(status, codes))},
                                        {"content", std::move(media)}};
    }
    return name;
}

json::object OpenapiComponents::take(json::object const& paths) {
    schemas_["Problem"] = problem_schema();
    // Merging leaves behind what only one of the merged answers referred to. Responses refer to header fields, so they
    // go first.
    References references;
    add_references(references, paths);
    remove_unused(responses_, "#/components/responses/", references);
    add_references(references, responses_);
    remove_unused(headers_, "#/components/headers/", references);
    return {{"schemas", std::move(schemas_)},
            {"headers", std::move(headers_)},
            {"responses", std::move(responses_)},
            {"securitySchemes", security_schemes()}};
}

}  // namespace clinikk::http
