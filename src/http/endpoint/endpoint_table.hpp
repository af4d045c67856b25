#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "http/endpoint/binding.hpp"
#include "http/endpoint/endpoint.hpp"
#include "http/endpoint/file_form.hpp"
#include "http/endpoint/json_writer.hpp"
#include "http/endpoint/request_schema.hpp"

namespace clinikk::http {

/// A JSON answer with header fields of its own, such as `Location`.
template <class T>
struct Reply {
    T value;
    HeaderBlock headers{};
};

/// Everything that the handler of a cacheable operation sees of a request besides its input.
struct BaseUrl {
    std::string_view value;  ///< the beginning of addresses in the answer, as the client sees the service
};

/// As `BaseUrl`, for an answer that also depends on the account. Only answers to requests without an account are
/// cached.
struct Viewer {
    std::string_view base_url;
    User const* account;  ///< null when the client has not signed in
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

/// The types of a handler: `Task<Result<Answer>> handler(Context&, Request&, Input)`, or with `BaseUrl` or
/// `Viewer` for `Request&`.
template <class Handler>
struct HandlerTypes;
template <class ContextType, class SeenType, class InputType, class AnswerType>
struct HandlerTypes<Task<Result<AnswerType>> (*)(ContextType&, SeenType, InputType)> {
    using Context = ContextType;
    using Seen = SeenType;
    using Wanted = InputType;
    using Answer = AnswerType;
};

template <auto Handler>
using Seen = typename HandlerTypes<decltype(Handler)>::Seen;

/// Whether the handler sees nothing that is missing from the key of the cache, but for an account, whose requests the
/// cache does not serve.
template <auto Handler>
inline constexpr bool depends_on_cache_key_only =
    std::is_same_v<Seen<Handler>, BaseUrl> || std::is_same_v<Seen<Handler>, Viewer>;

/// The part of the request that the handler sees.
template <auto Handler>
decltype(auto) seen(Request& request) {
    if constexpr (std::is_same_v<Seen<Handler>, BaseUrl>) {
        return BaseUrl{request.base_url};
    } else if constexpr (std::is_same_v<Seen<Handler>, Viewer>) {
        return Viewer{request.base_url, request.account()};
    } else {
        return (request);
    }
}

/// The unqualified name of a function, from its spelling by the compiler.
template <auto Handler>
consteval std::string_view handler_name() {
    std::string_view name = __PRETTY_FUNCTION__;
    constexpr std::string_view mark = "Handler = ";
    name.remove_prefix(name.find(mark) + mark.size());
    name = name.substr(0, name.find_first_of(";]("));
    auto const scope = name.rfind("::");
    if (scope != name.npos) name.remove_prefix(scope + 2);
    return name;
}

/// Binds the input, calls the handler, and writes its answer.
template <auto Handler>
Task<Result<Response>> call_handler(typename HandlerTypes<decltype(Handler)>::Context& context, Request& request) {
    using Wanted = typename HandlerTypes<decltype(Handler)>::Wanted;
    int const status = request.endpoint->operation.success;
    if constexpr (IsFileForm<Wanted>::value) {
        auto form = IsFileForm<Wanted>::Type::open(request);
        if (!form) co_return form.error();
        auto answer = co_await Handler(context, seen<Handler>(request), **form);
        if (!answer) co_return answer.error();
        co_return to_response(status, std::move(*answer));
    } else {
        auto const input = co_await read_input(request);
        if (!input) co_return input.error();
        auto bound = bind<Wanted>(*input, missing_resource(request.endpoint->operation));
        if (!bound) co_return bound.error();
        auto answer = co_await Handler(context, seen<Handler>(request), std::move(*bound));
        if (!answer) co_return answer.error();
        co_return to_response(status, std::move(*answer));
    }
}

/// Gives the answer again that a handler has given.
template <auto Again, class Context>
Task<Result<Response>> call_again(Context& context, Request& request, Uuid target_id) {
    auto answer = co_await Again(context, request, target_id);
    if (!answer) co_return answer.error();
    co_return to_response(request.endpoint->operation.success, std::move(*answer));
}

}  // namespace detail

/// The operations of the program, in the order in which documents list them.
class EndpointTable {
public:
    void add(Endpoint endpoint) { endpoints_.push_back(std::make_unique<Endpoint>(std::move(endpoint))); }

    std::vector<std::unique_ptr<Endpoint>> const& endpoints() const noexcept { return endpoints_; }

private:
    std::vector<std::unique_ptr<Endpoint>> endpoints_;
};

/// Adds operations whose handlers are free functions over one `Context`, which holds everything that handlers use.
template <class Context>
class Routes {
public:
    /// `context` must outlive the table; without one the operations are only described. The file of a form has at most
    /// `max_file_size` bytes.
    Routes(EndpointTable& table, Context* context, std::uint64_t max_file_size)
        : table_(table), context_(context), max_file_size_(max_file_size) {}

    std::uint64_t max_file_size() const noexcept { return max_file_size_; }

    /// Adds the operation whose id is the name of `Handler`. Its input and output are derived from the types of the
    /// handler, which takes a request struct (see `request_member.hpp`) or a `FileForm`, and returns a described value,
    /// a `Reply` of one, or a whole `Response`. If a whole `Response` is JSON, `answer` gives its schema.
    template <auto Handler>
    void add(Operation operation,
             Schema answer = detail::answer_schema<typename detail::HandlerTypes<decltype(Handler)>::Answer>()) {
        table_.add(make<Handler>(std::move(operation), std::move(answer)));
    }

    /// As `add`, for an operation whose answer `Again` can give once more when it is lost (`Endpoint::answer_again`):
    /// `Task<Result<Answer>> again(Context&, Request&, Uuid target_id)`.
    template <auto Handler, auto Again>
    void add_repeatable(Operation operation) {
        auto endpoint = make<Handler>(
            std::move(operation), detail::answer_schema<typename detail::HandlerTypes<decltype(Handler)>::Answer>());
        endpoint.answer_again = [context = context_](Request& request, Uuid target_id) {
            return detail::call_again<Again>(*context, request, target_id);
        };
        table_.add(std::move(endpoint));
    }

    /// Adds an operation whose answers may be cached and given to anyone who asks the same without an account, as long
    /// as the database does not change. Its handler sees only the base URL, the account and its bound input. Throws
    /// std::logic_error for an operation that is not a GET, that not everyone may call, or that binds header fields or
    /// cookies, which are not part of the key of the cache.
    template <auto Handler>
        requires detail::depends_on_cache_key_only<Handler>
    void add_cacheable(Operation operation) {
        auto endpoint = make<Handler>(
            std::move(operation), detail::answer_schema<typename detail::HandlerTypes<decltype(Handler)>::Answer>());
        require_cacheable(endpoint);
        endpoint.is_cacheable = true;
        table_.add(std::move(endpoint));
    }

private:
    /// The bytes of a form besides its file: other fields, part headers, boundaries.
    static constexpr std::uint64_t form_overhead = 1024UL * 1024;

    template <auto Handler>
    Endpoint make(Operation operation, Schema answer) {
        using Wanted = typename detail::HandlerTypes<decltype(Handler)>::Wanted;
        operation.id = detail::handler_name<Handler>();
        Endpoint endpoint{std::move(operation), {}, false, {}};
        if constexpr (detail::IsFileForm<Wanted>::value) {
            describe_request<typename detail::IsFileForm<Wanted>::Members>(endpoint.schema);
            endpoint.schema.file_part = true;
            endpoint.operation.body_limit = max_file_size_ + form_overhead;
        } else {
            describe_request<Wanted>(endpoint.schema);
            if (!endpoint.schema.raw_body.empty()) endpoint.operation.body = {BodyForm::raw};
        }
        endpoint.schema.answer = std::move(answer);
        endpoint.invoke = [context = context_](Request& request) {
            return detail::call_handler<Handler>(*context, request);
        };
        return endpoint;
    }

    EndpointTable& table_;
    Context* context_;
    std::uint64_t max_file_size_;
};

}  // namespace clinikk::http
