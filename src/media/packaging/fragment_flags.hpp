#pragma once

#include <cstdint>

/// Which fields the boxes of a fragment have, for those who read and who write them.
namespace clinikk::media::packaging {

/// `tf_flags` of `tfhd` (ISO/IEC 14496-12 section 8.8.7).
enum TrackFragmentFlags : std::uint32_t {
    tfhd_base_offset = 0x01,
    tfhd_description = 0x02,
    tfhd_duration = 0x08,
    tfhd_size = 0x10,
    tfhd_flags = 0x20,
    tfhd_base_is_moof = 0x02'0000,
};

/// `tr_flags` of `trun` (ISO/IEC 14496-12 section 8.8.8).
enum TrackRunFlags : std::uint32_t {
    trun_data_offset = 0x001,
    trun_first_flags = 0x004,
    trun_durations = 0x100,
    trun_sizes = 0x200,
    trun_flags = 0x400,
    trun_composition = 0x800,
};

}  // namespace clinikk::media::packaging
