#include "app/setting_values.hpp"

#include <algorithm>
#include <stdexcept>

namespace clinikk::app {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

template <std::size_t N>
std::uint64_t with_unit(std::string const& text, std::array<Unit, N> const& units, std::string const& what) {
    std::uint64_t value = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    std::string_view const unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    auto const found = std::ranges::find(units, unit, &Unit::name);
    if (failure != std::errc{} || found == units.end() || value > UINT64_MAX / 2 / found->factor) must(what);
    return value * found->factor;
}

}  // namespace

void must(std::string what) { throw std::invalid_argument("must be " + std::move(what)); }

std::uint64_t bytes(std::string const& text) {
    constexpr std::array units{Unit{"", 1},
                               Unit{"B", 1},
                               Unit{"KiB", 1ULL << 10},
                               Unit{"MiB", 1ULL << 20},
                               Unit{"GiB", 1ULL << 30},
                               Unit{"TiB", 1ULL << 40},
                               Unit{"KB", 1000},
                               Unit{"MB", 1000'000},
                               Unit{"GB", 1000'000'000},
                               Unit{"TB", 1000'000'000'000}};
    return with_unit(text, units, "a size such as 500MiB or 10GiB");
}

std::string print_bytes(std::uint64_t value) {
    constexpr std::array units{Unit{"TiB", 1ULL << 40}, Unit{"GiB", 1ULL << 30}, Unit{"MiB", 1ULL << 20},
                               Unit{"KiB", 1ULL << 10}, Unit{"", 1}};
    auto const fits = [value](Unit const& unit) { return value >= unit.factor && value % unit.factor == 0; };
    auto const found = std::ranges::find_if(units, fits);
    return found == units.end() ? "0" : std::to_string(value / found->factor) + std::string(found->name);
}

std::chrono::seconds duration(std::string const& text) {
    constexpr std::array units{Unit{"", 1}, Unit{"s", 1}, Unit{"m", 60}, Unit{"h", 3600}, Unit{"d", 86400}};
    auto const seconds = with_unit(text, units, "a time such as 30s, 5m or 1h");
    if (seconds > 10ULL * 365 * 86400) must("a time of at most ten years");
    return std::chrono::seconds(static_cast<std::int64_t>(seconds));
}

std::string print_duration(std::chrono::seconds value) {
    bool const is_hours = value.count() > 0 && value.count() % 3600 == 0;
    return is_hours ? std::to_string(value.count() / 3600) + 'h' : std::to_string(value.count()) + 's';
}

std::chrono::seconds at_least_one_second(std::string const& text) {
    auto const time = duration(text);
    if (time < std::chrono::seconds(1)) must("at least 1s");
    return time;
}

std::vector<std::string> comma_list(std::string const& text) {
    std::vector<std::string> items;
    std::size_t at = 0;
    while (at <= text.size()) {
        auto const comma = std::min(text.find(',', at), text.size());
        auto item = text.substr(at, comma - at);
        std::erase(item, ' ');
        if (!item.empty()) items.push_back(std::move(item));
        at = comma + 1;
    }
    return items;
}

}  // namespace clinikk::app
