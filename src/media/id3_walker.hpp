#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "media/format_walker.hpp"

namespace clinikk::media {

/// Passes over ID3v2 and APE tags of any size and number and over zeros behind them, recognises by its own bytes what
/// follows, and lets that format's walker go on. ffprobe sees nothing of the tags.
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
    std::uint64_t skip_ = 0;  ///< what is yet to come of the current tag
    std::string window_;      ///< bytes that end at `position_`: of what follows the tags so far
    std::optional<Result<Container>> container_{};
    std::unique_ptr<FormatWalker> inner_;
};

}  // namespace clinikk::media
