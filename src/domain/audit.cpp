#include "domain/audit.hpp"

#include "base/json_text.hpp"

namespace clinikk {
namespace {

constexpr std::size_t longest_detail = 200;  // bytes

}  // namespace

Actor::Actor(Caller const& caller) : Actor(caller.user, caller.origin) {
    if (caller.credential.kind() != Credential::Kind::upload_right) credential_ = caller.credential;
}

Actor::Actor(User const& user, Origin origin)
    : kind_(ActorKind::account), id_(user.id), email_(user.email), origin_(std::move(origin)) {}

Actor Actor::nobody(Origin origin) { return Actor(ActorKind::nobody, std::move(origin)); }

Actor Actor::operator_of_commands() { return Actor(ActorKind::operator_); }

Actor Actor::service() { return Actor(ActorKind::service); }

std::string audit_details(std::initializer_list<std::pair<std::string_view, std::string_view>> members) {
    std::string text = "{";
    for (auto const& [name, value] : members) {
        if (text.size() > 1) text += ',';
        append_json_string(text, name);
        text += ':';
        auto const start = value.substr(0, longest_detail);
        append_json_string(text, start.substr(0, valid_utf8_prefix(start)));
    }
    return text + '}';
}

}  // namespace clinikk
