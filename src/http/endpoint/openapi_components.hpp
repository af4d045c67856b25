#pragma once

#include <boost/json/object.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/endpoint/endpoint.hpp"
#include "http/endpoint/schema.hpp"

namespace clinikk::http {

/// What the operations of an OpenAPI document refer to: it collects the components that they use, each once.
class OpenapiComponents {
public:
    /// A schema in place; of an object that has a name, a reference to its component.
    boost::json::object schema(Schema const& schema);
    /// An object in place, without a component.
    boost::json::object object(std::vector<MemberSchema> const& members);
    /// The header fields of a response, each by a reference to its component. An optional field has a component of its
    /// own.
    boost::json::object headers(std::span<AnswerHeader const> headers);
    /// Adds the header fields of another response with the same status: what only one of the two has is optional.
    void merge_headers(boost::json::object& there, boost::json::object const& added);
    /// The name of the response for errors of one status. Operations that may fail in the same ways share it.
    std::string error_response(int status, std::vector<ErrorCode> const& codes);
    boost::json::object const& response(std::string_view name) const { return responses_.at(name).as_object(); }

    /// The `components` of the document: those that its paths, or other components, refer to.
    boost::json::object take(boost::json::object const& paths);

private:
    boost::json::object header_reference(std::string_view name, boost::json::object component);

    boost::json::object schemas_;
    boost::json::object headers_;
    boost::json::object responses_;
};

}  // namespace clinikk::http
