// A request's head: where the bytes are split does not matter, and what is accepted is what was sent.
#include <cstdint>
#include <cstdlib>
#include <functional>

#include "http/message/request_head.hpp"

using namespace clinikk::http;
using Kind = HeadOutcome::Kind;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

bool lies_in(std::string_view part, std::string_view whole) {
    std::less_equal<> const not_after;
    return not_after(whole.data(), part.data()) && not_after(part.data() + part.size(), whole.data() + whole.size());
}

void check_accepted(std::string_view head_bytes, RequestHead const& head) {
    require(head_bytes.ends_with("\r\n\r\n") || head_bytes.ends_with(".0\r\n\r\n"));
    require(lies_in(head.method_name, head_bytes) && !head.method_name.empty() && head.method_name.size() <= 32);
    require(lies_in(head.target, head_bytes));
    require(head.path == "/" || lies_in(head.path, head.target));
    require(head.path.starts_with('/') || (head.path == "*" && head.method == Method::options));
    require(head.query.empty() || lies_in(head.query, head.target));
    require(head.version == Version::http_1_0 || !head.host.empty());
    for (auto const& field : head.fields) {
        require(lies_in(field.name, head_bytes) && !field.name.empty() && lies_in(field.value, head_bytes));
        require(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
        require(head.find(field.name).data() != nullptr);
    }
    bool const has_length = head.find("content-length").data() != nullptr;
    bool const has_coding = head.find("transfer-encoding").data() != nullptr;
    require(!(has_length && has_coding));
    require(has_length == (head.framing == BodyFraming::length));
    require(has_coding == (head.framing == BodyFraming::chunked));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const input(reinterpret_cast<char const*>(data), size);
    HeadLimits const limits{200, 1000, 12};
    RequestHead head;
    auto const whole = parse_request_head(input, limits, head);
    std::size_t end = input.size();
    if (whole.kind == Kind::complete) {
        end = whole.consumed;
        require(end <= input.size());
        check_accepted(input.substr(0, end), head);
        RequestHead alone;
        require(parse_request_head(input.substr(0, end), limits, alone).consumed == end);
    }
    RequestHead scratch;
    for (std::size_t cut = 0; cut < end; ++cut) {
        auto const part = parse_request_head(input.substr(0, cut), limits, scratch);
        if (part.kind == Kind::need_more) continue;
        require(part.kind == whole.kind && part.code == whole.code && part.reason == whole.reason);
        break;
    }
    return 0;
}
