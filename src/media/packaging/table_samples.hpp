#pragma once

#include "media/box_cursor.hpp"
#include "media/packaging/sample_reader.hpp"

namespace clinikk::media::packaging {

/// The samples that the tables of a `moov` list (ISO/IEC 14496-12 sections 8.6 and 8.7).
class TableSamples final : public SampleReader {
public:
    TableSamples(RandomBytes const& bytes, SourceTrack const& track);
    std::optional<SourceSample> next() override;

    /// The decoding time behind the samples so far.
    std::uint64_t end() const noexcept { return decode_time_; }

private:
    /// A table of counts and values.
    class Runs {
    public:
        Runs(RandomBytes const& bytes, Table const& table) : entries_(bytes, table) {}
        std::uint32_t next();
        bool is_spent();  ///< no further sample is counted

    private:
        EntryReader entries_;
        std::uint32_t left_ = 0;
        std::uint32_t value_ = 0;
    };

    void check_end();
    void enter_chunk();
    void look_ahead();
    bool take_sync();

    SourceTrack const& track_;
    std::uint32_t samples_left_;
    EntryReader sizes_;
    EntryReader chunk_offsets_;
    EntryReader chunk_runs_;
    EntryReader sync_;
    Runs durations_;
    Runs composition_;
    std::uint32_t sample_ = 0;  ///< the number of the last one
    std::uint32_t next_sync_ = 0;
    std::uint64_t decode_time_ = 0;
    std::uint64_t offset_ = 0;
    std::uint32_t chunk_ = 0;
    std::uint32_t left_in_chunk_ = 0;
    std::uint32_t samples_per_chunk_ = 0;
    std::uint32_t description_ = 0;
    std::uint32_t next_first_chunk_ = 0;  ///< of the next run of chunks; 0: there is none
    std::uint32_t next_samples_ = 0;
    std::uint32_t next_description_ = 0;
};

}  // namespace clinikk::media::packaging
