#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace clinikk {

enum class LogLevel { trace, debug, info, warning, error };
enum class LogFormat { text, json };

/// One named value of a log line.
struct LogField {
    std::string_view key;
    std::variant<std::string_view, std::int64_t, double, bool> value;

    LogField(std::string_view key_in, std::string_view text) : key(key_in), value(text) {}
    LogField(std::string_view key_in, char const* text) : key(key_in), value(std::string_view(text)) {}
    LogField(std::string_view key_in, std::string const& text) : key(key_in), value(std::string_view(text)) {}
    LogField(std::string_view key_in, double number) : key(key_in), value(number) {}
    LogField(std::string_view key_in, bool flag) : key(key_in), value(flag) {}
    template <class Integer>
        requires std::is_integral_v<Integer>
    LogField(std::string_view key_in, Integer number) : key(key_in), value(static_cast<std::int64_t>(number)) {}
};

/// The log of the program: one line for each event on standard error, as text or as JSON. Control characters are
/// escaped, so that nothing a client sends can forge a line. Thread-safe. It is passed to the code that logs; there is
/// no global log.
class Log {
public:
    using Fields = std::initializer_list<LogField>;

    Log(LogLevel level, LogFormat format);
    Log(Log const&) = delete;
    Log& operator=(Log const&) = delete;
    ~Log();

    bool enabled(LogLevel level) const noexcept { return level >= level_; }

    void debug(std::string_view event, Fields fields = {}) { write(LogLevel::debug, event, fields); }
    void info(std::string_view event, Fields fields = {}) { write(LogLevel::info, event, fields); }
    void warning(std::string_view event, Fields fields = {}) { write(LogLevel::warning, event, fields); }
    void error(std::string_view event, Fields fields = {}) { write(LogLevel::error, event, fields); }

private:
    void write(LogLevel level, std::string_view event, Fields fields);

    struct Sink;
    LogLevel level_;
    LogFormat format_;
    std::unique_ptr<Sink> sink_;
};

}  // namespace clinikk
