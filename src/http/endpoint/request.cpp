#include "http/endpoint/request.hpp"

#include "base/json_text.hpp"

namespace clinikk::http {
namespace {

constexpr std::size_t longest_user_agent = 200;  // bytes

}  // namespace

Origin origin_of(Request const& request) {
    auto const agent = request.head.find("User-Agent").substr(0, longest_user_agent);
    return {std::string(request.remote_address), std::string(agent.substr(0, valid_utf8_prefix(agent))), request.id};
}

}  // namespace clinikk::http
