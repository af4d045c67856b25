#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "media/format_walker.hpp"

namespace clinikk::media {

/// Skips any number of ID3v2 and APE tags of any size and the zeros after them, recognises the following format from
/// its bytes, and delegates to the walker of that format. ffprobe does not see the tags.
class Id3Walker final : public FormatWalker {
public:
    void feed(std::string_view bytes, KeptParts& kept) override;
    void end_of_file(KeptParts& kept) override;
    Walked finish(RandomBytes const& kept) override;

private:
    std::string_view gather(std::string_view bytes, std::size_t count);
    bool pass_over();
    void choose(KeptParts& kept);

    std::uint64_t position_ = 0;
    std::uint64_t skip_ = 0;  ///< bytes of the current tag that are still to come
    std::string window_;      ///< bytes that end at `position_`: of what follows the tags so far
    std::optional<Result<Container>> container_{};
    std::unique_ptr<FormatWalker> inner_;
};

}  // namespace clinikk::media
