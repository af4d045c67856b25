#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "domain/values.hpp"

namespace clinikk::api {

/// The bounds of a length of time in whole seconds, and its description in the API document.
struct LifeLimits {
    std::int64_t shortest;
    std::int64_t longest;
    std::string_view description;
};

/// How long something that a client asks for shall last, in whole seconds.
template <LifeLimits const& Limits>
class Life : public ValueOf<std::chrono::seconds> {
public:
    static Parsed<Life> parse(std::string_view text) {
        auto const number = parse_whole_number(text, Limits.shortest, Limits.longest);
        if (!number) return number.error();
        return Life(std::chrono::seconds(*number));
    }
    static ValueSchema schema() {
        return {.type = ValueSchema::Type::integer,
                .format = "int64",
                .minimum = Limits.shortest,
                .maximum = Limits.longest,
                .description = Limits.description};
    }

private:
    explicit Life(std::chrono::seconds life) : ValueOf(life) {}
};

}  // namespace clinikk::api
