// Everything that reads boxes, on hostile bytes: the walker in pieces of every size, the index, the fragments, the
// signatures.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "media/box_walker.hpp"
#include "media/sample_tables.hpp"
#include "media/signature.hpp"

using namespace clinikk::media;

namespace {

// The same bytes must give the same boxes, however they are split.
void require(bool condition) {
    if (!condition) std::abort();
}

BoxWalker walk(std::string_view file, std::size_t piece) {
    BoxWalker walker;
    for (std::size_t at = 0; at < file.size(); at += piece) walker.feed(file.substr(at, piece));
    return walker;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const file(reinterpret_cast<char const*>(data), size);
    auto const whole = walk(file, std::max<std::size_t>(size, 1));
    auto const verdict = whole.finish(size);
    for (std::size_t const piece : {std::size_t{1}, std::size_t{7}, std::size_t{64}}) {
        auto const split = walk(file, piece);
        require(split.boxes().size() == whole.boxes().size());
        require(split.finish(size) == verdict);
        require(split.last_fragment() == whole.last_fragment());
    }

    MemoryBytes const bytes(file);
    if (verdict == BoxVerdict::complete || verdict == BoxVerdict::truncated) {
        auto const& movie = *whole.movie();
        Extent const payload{movie.offset + movie.header_size, movie.to_end ? size : movie.offset + movie.size};
        require(payload.begin <= payload.end && payload.end <= size);
        (void)read_movie_index(bytes, payload);
    }

    // The readers need no walker before them.
    auto const alone = read_movie_index(bytes, {0, size});
    if (alone.has_value()) {
        for (auto const& track : alone->tracks) {
            auto const samples = count_whole_samples(bytes, track, size / 2);
            if (samples.has_value()) (void)presentation_end_ms(bytes, *alone, track, *samples);
        }
        FragmentTimes times;
        times.add(file);
        times.add_part(file, 0, size / 2, *alone);
        times.end_ms(*alone);
    }

    (void)recognise(file);
    doc_type(file);
    return 0;
}
