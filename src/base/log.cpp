#include "base/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>

#include "base/json_text.hpp"
#include "base/time.hpp"

namespace clinikk {
namespace {

constexpr std::array level_names{"trace", "debug", "info", "warning", "error"};

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
        case LogLevel::trace: return spdlog::level::trace;
        case LogLevel::debug: return spdlog::level::debug;
        case LogLevel::info: return spdlog::level::info;
        case LogLevel::warning: return spdlog::level::warn;
        case LogLevel::error: return spdlog::level::err;
    }
    return spdlog::level::err;
}

void append_value(std::string& line, LogField const& field) {
    if (auto const* text = std::get_if<std::string_view>(&field.value)) {
        append_json_string(line, *text);
    } else if (auto const* number = std::get_if<std::int64_t>(&field.value)) {
        line += std::to_string(*number);
    } else if (auto const* real = std::get_if<double>(&field.value)) {
        line += fmt::format("{:.3f}", *real);
    } else {
        line += std::get<bool>(field.value) ? "true" : "false";
    }
}

std::string json_line(LogLevel level, std::string_view event, Log::Fields fields) {
    std::string line = R"({"time":")" + format_rfc3339(now()) + R"(","level":")" +
                       level_names[static_cast<std::size_t>(level)] + R"(","event":)";
    append_json_string(line, event);
    for (auto const& field : fields) {
        line += ',';
        append_json_string(line, field.key);
        line += ':';
        append_value(line, field);
    }
    line += '}';
    return line;
}

std::string text_line(LogLevel level, std::string_view event, Log::Fields fields) {
    std::string line = format_rfc3339(now()) + ' ' + level_names[static_cast<std::size_t>(level)] + ' ';
    line += event;
    for (auto const& field : fields) {
        line += ' ';
        line += field.key;
        line += '=';
        append_value(line, field);
    }
    return line;
}

}  // namespace

struct Log::Sink {
    spdlog::logger logger{"clinikk-tv", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
};

Log::Log(LogLevel level, LogFormat format) : level_(level), format_(format), sink_(std::make_unique<Sink>()) {
    sink_->logger.set_level(spdlog_level(level));
    sink_->logger.set_pattern("%v");
}

Log::~Log() = default;

void Log::write(LogLevel level, std::string_view event, Fields fields) {
    if (!enabled(level)) return;
    auto const line = format_ == LogFormat::json ? json_line(level, event, fields) : text_line(level, event, fields);
    sink_->logger.log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace clinikk
