#pragma once

#include "db/mapping.hpp"
#include "domain/signals.hpp"

namespace clinikk::db {

template <>
struct Mapping<Event> {
    static constexpr char columns[] = "id, type, subject, payload, created_at";
    static auto members(auto& event) {
        return std::tie(event.id, event.type, event.subject, event.payload, event.created_at);
    }
};

}  // namespace clinikk::db
