#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "media/format_walker.hpp"

namespace clinikk::media {

/// Follows WAV in RIFF, RF64 and BW64 (EBU Tech 3306, ITU-R BS.2088) from chunk to chunk up to the sound, whatever
/// precedes or follows it. ffprobe gets a file of the chunks `fmt `, `fact` and `data`.
///
/// `truncated`: the file ends before its `data` chunk does by the declared size. A recording to a pipe has no size; it
/// ends where the file or the tags after it do.
class WavWalker final : public FormatWalker {
public:
    static constexpr std::size_t max_kept_chunk = 4096;  ///< bytes of a `fmt ` chunk; longer ones are damaged

    void feed(std::string_view bytes, KeptParts& kept) override;
    Walked finish(RandomBytes const& kept) override;

private:
    enum class Part : std::uint8_t { file_header, chunk_header, kept_chunk, passed_chunk, data, damaged };

    std::string_view gather(std::string_view bytes);
    void take_file_header();
    void take_chunk_header(KeptParts& kept);
    void take_kept_chunk();
    void expect(Part part, std::size_t bytes);
    void begin_data(KeptParts& kept);
    std::optional<std::int64_t> duration_of(std::uint64_t sound) const;

    std::uint64_t position_ = 0;
    Part part_ = Part::file_header;
    std::string pending_{};                          ///< the bytes so far of the current header or kept chunk
    std::size_t needed_ = 12;                        ///< the number of bytes that it needs
    std::uint64_t skip_ = 0;                         ///< bytes of the current chunk that are still to come
    bool wide_ = false;                              ///< RF64 or BW64
    std::string chunk_{};                            ///< name of the kept chunk
    std::string format_{};                           ///< payload of `fmt `
    std::string fact_{};                             ///< payload of `fact`: the number of samples
    std::optional<std::uint64_t> wide_data_size_{};  ///< of `ds64`
    std::optional<std::uint64_t> data_size_{};       ///< as declared; empty when the writer did not know it
    std::uint64_t media_begin_ = 0;
    std::uint64_t data_begin_ = 0;
};

}  // namespace clinikk::media
