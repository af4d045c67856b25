#include "support/fakes/calls.hpp"

#include <algorithm>
#include <array>

namespace clinikk::testing {
namespace {

bool is_of_store(std::string_view name) {
    constexpr std::array<std::string_view, 2> stores{"store.", "direct."};
    return std::ranges::any_of(stores, [&](auto const& start) { return name.starts_with(start); });
}

bool is_of_database(std::string_view name) {
    constexpr std::array<std::string_view, 8> tables{"users.",   "sessions.", "contents.", "objects.",
                                                     "uploads.", "outbox.",   "commit",    "resumable_uploads."};
    return std::ranges::any_of(tables, [&](auto const& start) { return name.starts_with(start); });
}

/// Whether an outage concerns that call.
bool is_away(Fault fault, std::string_view name) {
    return (fault == Fault::store_away && is_of_store(name)) || (fault == Fault::database_away && is_of_database(name));
}

}  // namespace

std::string_view name_of(Fault fault) {
    constexpr std::array<std::string_view, 6> names{"refused",       "answer lost",   "store away",
                                                    "database away", "killed before", "killed after"};
    return names.at(static_cast<std::size_t>(fault));
}

void break_call(Calls& calls, int number, Fault fault) {
    bool const is_outage = fault == Fault::store_away || fault == Fault::database_away;
    bool const kills = fault == Fault::killed_before || fault == Fault::killed_after;
    Calls::Hook hook = [=, &calls](int at, std::string_view name) {
        bool const breaks = is_outage ? at >= number && is_away(fault, name) : at == number;
        if (!breaks) return;
        if (kills) calls.kill();
        throw Unavailable(std::string(name) + " fails (expected here)");
    };
    bool const is_late = fault == Fault::answer_lost || fault == Fault::killed_after;
    (is_late ? calls.after : calls.before) = std::move(hook);
}

}  // namespace clinikk::testing
