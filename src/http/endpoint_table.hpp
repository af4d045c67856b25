#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/binding.hpp"
#include "http/endpoint.hpp"
#include "http/file_form.hpp"
#include "http/json_writer.hpp"

namespace clinikk::http {

/// A JSON answer with header fields of its own, such as `Location`.
template <class T>
struct Reply {
    T value;
    HeaderBlock headers{};
};

/// A request without parameters.
struct NoInput {};
BOOST_DESCRIBE_STRUCT(NoInput, (), ())

namespace detail {

template <class T>
struct IsReply : std::false_type {};
template <class T>
struct IsReply<Reply<T>> : std::true_type {
    using Value = T;
};

template <class T>
struct IsFileForm : std::false_type {};
template <class Fields>
struct IsFileForm<FileForm<Fields>&> : std::true_type {
    using Type = FileForm<Fields>;
    using Members = Fields;
};

template <class V>
Response to_response(int status, V value) {
    if constexpr (std::is_same_v<V, Response>) {
        return value;
    } else if constexpr (IsReply<V>::value) {
        auto response = to_response(status, std::move(value.value));
        response.headers.append(value.headers);
        return response;
    } else {
        std::string body;
        write_json(body, value);
        return json_response(status, std::move(body));
    }
}

template <class V>
Schema answer_schema() {
    if constexpr (std::is_same_v<V, Response>) {
        return {};
    } else if constexpr (IsReply<V>::value) {
        return schema_of<typename IsReply<V>::Value>();
    } else {
        return schema_of<V>();
    }
}

/// Parse and validate, call the handler, write its answer.
template <class Api, class R, class V>
Task<Result<Response>> call_handler(Api* api, Task<Result<V>> (Api::*handler)(Request&, R), Request& request) {
    int const status = request.endpoint->operation.success;
    if constexpr (IsFileForm<R>::value) {
        auto form = IsFileForm<R>::Type::open(request);
        if (!form) co_return form.error();
        auto answer = co_await (api->*handler)(request, **form);
        if (!answer) co_return answer.error();
        co_return to_response(status, std::move(*answer));
    } else {
        auto const input = co_await read_input(request);
        if (!input) co_return input.error();
        auto bound = bind<R>(*input, missing_resource(request.endpoint->operation));
        if (!bound) co_return bound.error();
        auto answer = co_await (api->*handler)(request, std::move(*bound));
        if (!answer) co_return answer.error();
        co_return to_response(status, std::move(*answer));
    }
}

}  // namespace detail

/// The operations of the program: each resource adds its own.
class EndpointTable {
public:
    /// Adds an operation. Its input and output follow from the handler's types: the handler takes a request struct
    /// (see `binding.hpp`) or a `FileForm`, and gives a described value, a `Reply` of one, or a whole `Response`.
    /// `api` must outlive the table; without one the operation is only described. Where a whole `Response` is JSON all
    /// the same, `answer` tells its shape.
    template <class Api, class R, class V>
    void add(Operation operation, Api* api, Task<Result<V>> (Api::*handler)(Request&, R),
             Schema answer = detail::answer_schema<V>()) {
        Endpoint endpoint{std::move(operation), {}, {}};
        if constexpr (detail::IsFileForm<R>::value) {
            describe_request<typename detail::IsFileForm<R>::Members>(endpoint.schema);
            endpoint.schema.file_part = true;
        } else {
            describe_request<R>(endpoint.schema);
        }
        endpoint.schema.answer = std::move(answer);
        endpoint.invoke = [api, handler](Request& request) { return detail::call_handler(api, handler, request); };
        endpoints_.push_back(std::make_unique<Endpoint>(std::move(endpoint)));
    }

    std::vector<std::unique_ptr<Endpoint>> const& endpoints() const noexcept { return endpoints_; }

private:
    std::vector<std::unique_ptr<Endpoint>> endpoints_;
};

}  // namespace clinikk::http
