#pragma once

#include <cstdint>
#include <string_view>

namespace clinikk::db {

/// One step of the schema: a file `migrations/<number>_<name>.sql` of each driver, embedded at build time. Numbers
/// begin at 1, have no gaps, and mean the same step on both drivers. A released step never changes. The first line of
/// the file names the oldest program: `-- oldest program: 0.1.0`.
struct Migration {
    std::int64_t version;
    std::string_view name;
    std::string_view oldest_program;  ///< the oldest version of the program that may serve the schema after this step
    std::string_view sql;             ///< any number of statements
};

}  // namespace clinikk::db
