#include "app/audit_command.hpp"

#include <algorithm>
#include <iostream>

#include "api/audit.hpp"
#include "app/command_context.hpp"
#include "app/run_to_end.hpp"

namespace clinikk::app {
namespace {

constexpr std::int64_t page = 100;

/// What the client or the account calls itself may hold control characters of a terminal.
std::string printable(std::string text) {
    std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
    return text;
}

std::string target_of(AuditEvent const& event) {
    auto text = std::string(enumerator_name(event.target_kind));
    if (event.target_id) text += ' ' + event.target_id->to_string();
    return text;
}

void print_event(AuditEvent const& event) {
    auto const actor = event.actor_email.value_or(std::string(enumerator_name(event.actor_kind)));
    std::cout << format_rfc3339(event.at) << "  " << event.action << "  " << printable(actor) << "  "
              << target_of(event) << "  " << event.address.value_or("-") << "  " << printable(event.details) << '\n';
}

}  // namespace

int print_audit(Settings const& settings, AuditQuery query, bool as_json) {
    CommandContext context(settings);
    AuditService audit(*context.core.work, context.core.clock);
    for (auto left = query.limit; left > 0;) {
        query.limit = std::min(left, page);
        auto const events = run_to_end(audit.list(query));
        for (auto const& event : events) {
            if (as_json) {
                std::cout << api::audit_event_json(event) << '\n';
            } else {
                print_event(event);
            }
        }
        left -= static_cast<std::int64_t>(events.size());
        if (events.size() < static_cast<std::size_t>(query.limit)) return 0;
        query.after = {events.back().at, events.back().id};
    }
    return 0;
}

}  // namespace clinikk::app
