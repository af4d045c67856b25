#pragma once

#include <string>
#include <string_view>

namespace clinikk {

/// A file of files that is written in memory. Files are added one after the other, in pieces, which are compressed as
/// they come.
class Archive {
public:
    virtual ~Archive() = default;

    /// Begins a file. `name` is a relative path in ASCII.
    virtual void begin_file(std::string_view name) = 0;
    /// Adds to the file that was begun last.
    virtual void write(std::string_view bytes) = 0;
    /// Ends the archive and returns its bytes. Call it once.
    virtual std::string finish() = 0;
};

}  // namespace clinikk
