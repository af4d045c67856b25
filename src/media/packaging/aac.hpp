#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clinikk::media::packaging {

/// What an AudioSpecificConfig tells (ISO/IEC 14496-3 section 1.6.2.1).
struct AacConfig {
    unsigned object_type = 0;       ///< 2: LC, 5: with SBR, 29: with SBR and PS
    std::uint32_t sample_rate = 0;  ///< of the core, hertz
    unsigned channels = 0;          ///< channelConfiguration: 0 when the stream itself defines them, 7 for 7.1
};

/// Empty when the bytes end too early.
std::optional<AacConfig> read_aac_config(std::string_view bytes);

/// A raw_data_block (ISO/IEC 14496-3 section 4.4.2.1) of AAC LC in which every spectral band of every channel is empty:
/// silence, at any sample rate. `channels` is a channelConfiguration. Empty when there is no such block for it.
std::string silent_aac_frame(unsigned channels);

}  // namespace clinikk::media::packaging
