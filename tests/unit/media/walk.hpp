#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "media/format_walker.hpp"

namespace clinikk::media {

/// Notes in memory what a walker asks for: the file that ffprobe would be given.
class RecordedParts final : public KeptParts {
public:
    /// `file` is all of it and must outlive this.
    explicit RecordedParts(std::string_view file) : file_(file), image_(file.size(), '\0') {}

    void start_at(std::uint64_t offset, std::string_view header) override {
        start_ = offset;
        header_ = header;
    }

    void keep(Extent part) override {
        auto const begin = std::min<std::uint64_t>(std::max(part.begin, position), file_.size());
        auto const end = std::min<std::uint64_t>(part.end, file_.size());
        if (begin < end) write_at(begin, file_.substr(begin, end - begin));
    }

    void write_at(std::uint64_t offset, std::string_view bytes) override {
        std::ranges::copy(bytes.substr(0, image_.size() - std::min<std::uint64_t>(offset, image_.size())),
                          image_.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(offset, image_.size())));
        ++requests;
    }

    /// The file from its start on, with zeros for what was not asked for.
    std::string image() const { return header_ + image_.substr(std::min<std::uint64_t>(start_, image_.size())); }

    std::uint64_t position = 0;  ///< of the piece that is being fed
    std::uint64_t requests = 0;

private:
    std::string_view file_;
    std::string image_;
    std::string header_;
    std::uint64_t start_ = 0;
};

/// What a walker told of a file.
struct Walk {
    Walked walked;
    std::string image;
};

/// Feeds a file to its walker in pieces of this size.
inline Walk walk(Container container, std::string_view file, std::size_t piece = 1 << 20) {
    auto const walker = make_walker(container);
    RecordedParts parts(file);
    for (std::size_t at = 0; at < file.size(); at += piece) {
        parts.position = at;
        walker->feed(file.substr(at, piece), parts);
    }
    parts.position = file.size();
    walker->end_of_file(parts);
    MemoryBytes const kept(file);
    Walk result{walker->finish(kept), {}};
    result.image = parts.image();
    return result;
}

/// Whether two walks told the same.
inline bool alike(Walked const& one, Walked const& other) {
    return one.refusal.has_value() == other.refusal.has_value() &&
           (!one.refusal || one.refusal->code == other.refusal->code) && one.begin == other.begin &&
           one.end == other.end && one.truncated == other.truncated && one.duration_ms == other.duration_ms &&
           one.end_ms == other.end_ms && one.inner == other.inner && one.encrypted == other.encrypted;
}

}  // namespace clinikk::media
