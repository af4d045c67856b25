#include "http/message/rate_limit.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace clinikk::http {
namespace {

/// The value of a field, put together without an allocation: each answer has two of them.
class FieldValue {
public:
    explicit FieldValue(std::string_view policy) {
        add("\"");
        add(policy);
        add("\"");
    }

    void add(std::string_view name, std::int64_t number) {
        add(name);
        end_ = std::to_chars(end_, chars_.data() + chars_.size(), number).ptr;
    }

    std::string_view text() const { return {chars_.data(), static_cast<std::size_t>(end_ - chars_.data())}; }

private:
    void add(std::string_view text) { end_ = std::ranges::copy(text, end_).out; }

    std::array<char, 96> chars_{};  // names of policies have 16 characters at most, and numbers 20 digits
    char* end_ = chars_.data();
};

}  // namespace

void add_rate_limit(HeaderBlock& headers, Quota const& quota) {
    FieldValue policy(quota.policy);
    policy.add(";q=", quota.size);
    policy.add(";w=", quota.window.count());
    headers.add("RateLimit-Policy", policy.text());
    FieldValue state(quota.policy);
    state.add(";r=", quota.left);
    state.add(";t=", quota.reset.count());
    headers.add("RateLimit", state.text());
}

}  // namespace clinikk::http
