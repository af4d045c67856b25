#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string_view>
#include <vector>

/// OpenAPI has one operation for a path and a method. Where the program has several, between which header fields
/// choose, these join what their descriptions say.
namespace clinikk::http {

/// Adds the ways to authenticate of another operation. No way at all, which is that of everybody, becomes an empty one
/// beside others.
void merge_security(boost::json::array& there, boost::json::array added);

/// Adds the contents by media type. Two schemas of one media type become alternatives (`anyOf`: they may overlap).
void merge_content(boost::json::object& there, boost::json::object added);

/// Adds the content of another response with the same status. If only one of them has content, the response says so by
/// `x-content-optional`, since OpenAPI has no words for it.
void merge_response_content(boost::json::object& there, boost::json::object& added);

/// Adds what another response with the same status means.
void merge_description(boost::json::object& response, std::string_view added);

/// The parameters of several operations, each once.
class MergedParameters {
public:
    void add(boost::json::object parameter, std::string_view operation_id);

    /// What only some of the `operations` take is not required, and says which of them take it.
    boost::json::array take(std::size_t operations);

private:
    struct Taken {
        boost::json::object parameter;
        std::vector<std::string_view> by;  ///< ids of operations
    };

    std::vector<Taken> all_;
};

}  // namespace clinikk::http
