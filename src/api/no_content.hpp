#pragma once

#include <string_view>

#include "http/endpoint/endpoint.hpp"

/// The answer of operations that end something and return nothing: 204, which no cache stores.
namespace clinikk::api {

inline http::Response no_content() {
    http::Response response;
    response.status = 204;
    response.headers.add("Cache-Control", "no-store");
    return response;
}

/// That answer as an operation declares it.
inline http::PlainAnswer no_content_answer(std::string_view description) {
    return {204, "", description, {http::answer_header::cache_control}};
}

}  // namespace clinikk::api
