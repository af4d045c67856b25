#include "base/time.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace clinikk {
namespace {

constexpr std::array day_names{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Fields {
    int year, month, day, hour, minute, second;
    unsigned weekday;
    int micros;
};

Fields split(Timestamp time) {
    auto const days = std::chrono::floor<std::chrono::days>(time);
    std::chrono::year_month_day const date{days};
    auto const clock = std::chrono::hh_mm_ss{time - days};
    return {static_cast<int>(date.year()),
            static_cast<int>(static_cast<unsigned>(date.month())),
            static_cast<int>(static_cast<unsigned>(date.day())),
            static_cast<int>(clock.hours().count()),
            static_cast<int>(clock.minutes().count()),
            static_cast<int>(clock.seconds().count()),
            std::chrono::weekday{days}.c_encoding(),
            static_cast<int>(clock.subseconds().count())};
}

void put_digits(char* out, int width, int value) {
    for (int i = width; i-- > 0; value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

std::optional<int> month_number(std::string_view name) {
    for (std::size_t i = 0; i < month_names.size(); ++i) {
        if (name == month_names[i]) return static_cast<int>(i) + 1;
    }
    return std::nullopt;
}

std::optional<Timestamp> assemble(int year, std::string_view month, int day, int hour, int minute, int second) {
    auto const number = month_number(month);
    if (!number || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    std::chrono::year_month_day const date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(*number)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
           std::chrono::seconds{second};
}

/// A two-digit year more than 50 years ahead is in the past (RFC 9110 section 5.6.7).
int full_year(int two_digits) {
    auto const this_year = split(now()).year;
    int const year = this_year / 100 * 100 + two_digits;
    return year > this_year + 50 ? year - 100 : year;
}

}  // namespace

Timestamp now() { return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()); }

std::string format_rfc3339(Timestamp time) {
    auto const f = split(time);
    std::string text = "0000-00-00T00:00:00.000000Z";
    put_digits(text.data(), 4, f.year);
    put_digits(text.data() + 5, 2, f.month);
    put_digits(text.data() + 8, 2, f.day);
    put_digits(text.data() + 11, 2, f.hour);
    put_digits(text.data() + 14, 2, f.minute);
    put_digits(text.data() + 17, 2, f.second);
    put_digits(text.data() + 20, 6, f.micros);
    return text;
}

namespace {

/// Reads `width` digits at the start of `text` and removes them.
std::optional<int> take_digits(std::string_view& text, std::size_t width) {
    if (text.size() < width) return std::nullopt;
    int value = 0;
    for (char const c : text.substr(0, width)) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    text.remove_prefix(width);
    return value;
}

bool take(std::string_view& text, std::string_view either) {
    if (text.empty() || either.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<std::chrono::sys_days> take_date(std::string_view& text) {
    auto const year = take_digits(text, 4);
    if (!year || !take(text, "-")) return std::nullopt;
    auto const month = take_digits(text, 2);
    if (!month || !take(text, "-")) return std::nullopt;
    auto const day = take_digits(text, 2);
    if (!day) return std::nullopt;
    std::chrono::year_month_day const date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days{date};
}

/// `12:00`, as minutes.
std::optional<std::chrono::minutes> take_hour_and_minute(std::string_view& text) {
    auto const hour = take_digits(text, 2);
    if (!hour || *hour > 23 || !take(text, ":")) return std::nullopt;
    auto const minute = take_digits(text, 2);
    if (!minute || *minute > 59) return std::nullopt;
    return std::chrono::hours{*hour} + std::chrono::minutes{*minute};
}

/// `.25`, or nothing. Digits behind the sixth are cut off.
std::optional<std::chrono::microseconds> take_fraction(std::string_view& text) {
    if (!take(text, ".")) return std::chrono::microseconds{0};
    int micros = 0;
    int unit = 100'000;
    auto digit = take_digits(text, 1);
    if (!digit) return std::nullopt;
    for (; digit; digit = take_digits(text, 1), unit /= 10) micros += *digit * unit;
    return std::chrono::microseconds{micros};
}

/// `Z` or `+01:00`.
std::optional<std::chrono::minutes> take_offset(std::string_view& text) {
    if (take(text, "Zz")) return std::chrono::minutes{0};
    bool const is_west = text.starts_with('-');
    if (!take(text, "+-")) return std::nullopt;
    auto const offset = take_hour_and_minute(text);
    if (!offset) return std::nullopt;
    return is_west ? -*offset : *offset;
}

}  // namespace

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
    auto const date = take_date(text);
    if (!date) return std::nullopt;
    if (text.empty()) return Timestamp(*date);
    if (!take(text, "Tt ")) return std::nullopt;
    auto const minutes = take_hour_and_minute(text);
    if (!minutes || !take(text, ":")) return std::nullopt;
    auto const second = take_digits(text, 2);
    if (!second || *second > 60) return std::nullopt;
    auto const fraction = take_fraction(text);
    if (!fraction) return std::nullopt;
    auto const offset = take_offset(text);
    if (!offset || !text.empty()) return std::nullopt;
    return Timestamp(*date) + *minutes + std::chrono::seconds{*second} + *fraction - *offset;
}

std::string format_http_date(Timestamp time) {
    auto const f = split(time);
    std::string text = "Xxx, 00 Xxx 0000 00:00:00 GMT";
    text.replace(0, 3, day_names[f.weekday]);
    put_digits(text.data() + 5, 2, f.day);
    text.replace(8, 3, month_names[static_cast<std::size_t>(f.month) - 1]);
    put_digits(text.data() + 12, 4, f.year);
    put_digits(text.data() + 17, 2, f.hour);
    put_digits(text.data() + 20, 2, f.minute);
    put_digits(text.data() + 23, 2, f.second);
    return text;
}

std::optional<Timestamp> parse_http_date(std::string_view text) {
    if (text.size() > 40) return std::nullopt;
    std::string const copy(text);
    std::array<char, 4> month{};
    int day = 0;
    int year = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    int used = 0;
    auto const whole = [&] { return used == static_cast<int>(copy.size()); };
    if (std::sscanf(copy.c_str(), "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &day, month.data(), &year, &hour,
                    &minute, &second, &used) == 6 &&
        whole()) {
        return assemble(year, month.data(), day, hour, minute, second);
    }
    used = 0;
    if (std::sscanf(copy.c_str(), "%*[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n", &day, month.data(), &year, &hour,
                    &minute, &second, &used) == 6 &&
        whole()) {
        return assemble(full_year(year), month.data(), day, hour, minute, second);
    }
    used = 0;
    if (std::sscanf(copy.c_str(), "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n", month.data(), &day, &hour, &minute,
                    &second, &year, &used) == 6 &&
        whole()) {
        return assemble(year, month.data(), day, hour, minute, second);
    }
    return std::nullopt;
}

}  // namespace clinikk
