#include "db/schema_version.hpp"

#include <array>
#include <charconv>
#include <optional>

namespace clinikk::db {
namespace {

using Version = std::array<unsigned, 3>;

/// `1.2.3`, whatever follows after a hyphen or a plus sign.
std::optional<Version> parse_version(std::string_view text) {
    text = text.substr(0, text.find_first_of("-+"));
    Version version{};
    auto const* at = text.data();
    auto const* const end = at + text.size();
    for (auto& part : version) {
        if (&part != version.data()) {
            if (at == end || *at != '.') return std::nullopt;
            ++at;
        }
        auto const [stop, failure] = std::from_chars(at, end, part);
        if (failure != std::errc()) return std::nullopt;
        at = stop;
    }
    return at == end ? std::optional(version) : std::nullopt;
}

std::string describe(std::string_view database, std::int64_t version) {
    return std::string(database) + " has schema version " + std::to_string(version);
}

}  // namespace

void refuse_unless_served(std::string_view database, std::int64_t version, std::int64_t known,
                          std::span<std::string const> oldest_programs, std::string_view program) {
    if (version <= known) return;
    auto const own = parse_version(program);
    Version needed{};
    bool told = !oldest_programs.empty();
    for (auto const& text : oldest_programs) {
        auto const oldest = parse_version(text);
        told = told && oldest;
        if (oldest) needed = std::max(needed, *oldest);
    }
    if (told && own && *own >= needed) return;
    auto line = describe(database, version) + ", which is newer than this program's " + std::to_string(known);
    if (told) {
        line += " and needs program version " + std::to_string(needed[0]) + '.' + std::to_string(needed[1]) + '.' +
                std::to_string(needed[2]) + " or newer, and this is " + std::string(program);
    }
    throw SchemaMismatch(line + ": start a newer version of the program");
}

void refuse_older(std::string_view database, std::int64_t version, std::int64_t known) {
    if (version >= known) return;
    throw SchemaMismatch(describe(database, version) + ", this program needs " + std::to_string(known) +
                         ": run its migrate command first");
}

}  // namespace clinikk::db
