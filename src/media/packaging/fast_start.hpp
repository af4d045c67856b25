#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_range.hpp"
#include "media/packaging/packaging_index.hpp"

namespace clinikk::media::packaging {

/// A part of the file that starts fast: bytes of the source, to be sent as they are or rewritten.
struct FilePiece {
    Run source{};
    bool is_rewritten = false;  ///< of the `moov`: pass it through `FastStartLayout::rewrite`
};

/// The stored file with its `moov` in front of the media (docs/packaging-index.md): the bytes of the source in another
/// order, and chunk offsets that say so. It takes memory for the number of tables and boxes, whatever the `moov`'s
/// size. It refers to the index, which must outlive it. Threads may share it.
class FastStartLayout {
public:
    /// `plan` is that of an index (`PackagingIndex::fast_start`), `source_size` the size of its source.
    FastStartLayout(FastStart const& plan, std::uint64_t source_size);

    /// Bytes of the whole file.
    std::uint64_t length() const noexcept { return length_; }

    /// What a range of the file is made of, in order. The range must lie within the file.
    std::vector<FilePiece> pieces(ByteRange range) const;

    /// What to read of the source in order to rewrite `part`, which is (a part of) a piece with `is_rewritten`: offsets
    /// that it cuts through whole, so up to 7 bytes more at each end. Callers choose how large a part they take at
    /// once.
    Run to_read(Run part) const noexcept;

    /// `part` as it stands in the file. `bytes` are those of `to_read(part)`.
    std::string rewrite(Run part, std::string bytes) const;

private:
    /// Bytes of the source, and where they are in the file.
    struct Placed {
        Run source{};
        std::uint64_t position = 0;
        bool is_rewritten = false;
    };
    void place(Run source, bool is_rewritten);
    std::uint64_t moved(std::uint64_t offset) const noexcept;
    template <class Visit>
    void for_each_entry(Run part, Visit visit) const;

    std::vector<FastStart::OffsetTable> tables_;  ///< by offset
    std::vector<Placed> placed_;                  ///< by position in the file
    std::vector<Placed> by_source_;               ///< without the `moov`, by offset in the source
    std::uint64_t length_ = 0;
};

}  // namespace clinikk::media::packaging
