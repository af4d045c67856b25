#pragma once

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clinikk::app {

// Readers for the text of settings. They throw std::invalid_argument with what the text must be.

/// Refuses a text.
[[noreturn]] void must(std::string what);

/// A decimal number from `min` to `max`.
template <class Number>
Number whole_number(std::string const& text, Number min, Number max) {
    Number value{};
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || end != text.data() + text.size() || value < min || value > max) {
        must("a whole number from " + std::to_string(min) + " to " + std::to_string(max));
    }
    return value;
}

/// Bytes: `10GiB`, `256MiB`, `1500`.
std::uint64_t bytes(std::string const& text);

/// The text in the largest unit that fits: `10GiB`.
std::string print_bytes(std::uint64_t value);

/// A time of at most ten years: `30s`, `5m`, `1h`, `90` seconds.
std::chrono::seconds duration(std::string const& text);

/// The text in hours or seconds: `24h`, `75s`.
std::string print_duration(std::chrono::seconds value);

/// A time that must not be zero, since the operation could then never finish.
std::chrono::seconds at_least_one_second(std::string const& text);

/// The value that is paired with the text.
template <class Value, std::size_t N>
Value one_of(std::string const& text, std::array<std::pair<std::string_view, Value>, N> const& choices) {
    std::string names;
    for (auto const& [name, value] : choices) {
        if (text == name) return value;
        if (!names.empty()) names += ", ";
        names += name;
    }
    must("one of " + names);
}

/// The items between commas, without spaces; empty ones are left out.
std::vector<std::string> comma_list(std::string const& text);

}  // namespace clinikk::app
