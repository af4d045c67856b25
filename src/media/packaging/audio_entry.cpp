#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <string>

#include "media/packaging/aac.hpp"
#include "media/packaging/box_writer.hpp"
#include "media/packaging/entry_boxes.hpp"
#include "media/packaging/sample_entry.hpp"
#include "media/packaging/verdict.hpp"

namespace clinikk::media::packaging {
namespace {

constexpr std::size_t fixed_part = 36;  // of an AudioSampleEntry, with its header (ISO/IEC 14496-12 section 12.2.3)

/// The sample entry of a sound track, whichever version it has.
struct SoundEntry {
    std::string_view type{};
    std::string_view boxes{};  ///< behind the fixed part
    std::uint32_t channels = 0;
    std::uint32_t sample_rate = 0;
    bool is_quicktime = false;  ///< it has more fields than ISO/IEC 14496-12 knows, or its boxes inside a `wave`

    std::optional<std::string_view> find(std::string_view box) const {
        if (auto const found = find_box(boxes, box)) return found;
        auto const wave = find_box(boxes, "wave");
        return wave ? find_box(*wave, box) : std::nullopt;
    }
};

[[noreturn]] void refuse_codec(std::string sentence) {
    throw Unpackageable(RenditionReason::codec, std::move(sentence));
}

// QuickTime File Format, "Sound Sample Descriptions": version 1 has 16 bytes more, version 2 has 36 and says the rate
// as a 64-bit floating-point number.
SoundEntry read_sound_entry(std::string_view entry, std::uint8_t description_version) {
    bytes_at(entry, 0, fixed_part);
    SoundEntry sound{.type = entry.substr(4, 4)};
    auto const version = description_version == 0 ? load_big_endian(entry.substr(16), 2) : 0;
    sound.channels = static_cast<std::uint32_t>(load_big_endian(entry.substr(24), 2));
    sound.sample_rate = load_u32(entry.substr(32)) >> 16;
    std::size_t const more = version == 1 ? 16 : version == 2 ? 36 : 0;
    sound.boxes = bytes_at(entry, fixed_part + more, 0);
    if (version == 2) {
        auto const rate = std::bit_cast<double>(load_u64(entry.substr(40)));
        sound.sample_rate = rate >= 1 && rate < 1e6 ? static_cast<std::uint32_t>(std::lround(rate)) : 0;
        sound.channels = load_u32(entry.substr(48));
    }
    sound.is_quicktime = more > 0 || find_box(sound.boxes, "wave").has_value();
    return sound;
}

// The ISO entry of what QuickTime describes in its own way.
std::string to_iso_entry(SoundEntry const& sound, std::string_view entry, std::string_view configuration_type) {
    BoxWriter out;
    out.box(sound.type, [&] {
        out.text(entry.substr(8, 8)).zeros(8).u16(sound.channels).u16(16).zeros(4);
        out.u32(sound.sample_rate <= 0xffff ? sound.sample_rate << 16 : 0);
        auto boxes = sound.boxes;
        while (auto const box = take_box(boxes)) {
            if (box->type != "wave" && box->type != "chan" && box->type != configuration_type) out.text(box->whole);
        }
        auto const configuration = sound.find(configuration_type);
        out.box(configuration_type, [&] { out.text(configuration.value_or("")); });
    });
    return out.take();
}

std::string_view configuration(SoundEntry const& sound, std::string_view type, std::size_t needed) {
    auto const payload = sound.find(type);
    if (!payload) throw DamagedIndex();
    return bytes_at(*payload, 0, needed);
}

/// A descriptor of ISO/IEC 14496-1 section 8.3.3: a tag, and a length of up to four bytes.
std::string_view descriptor(std::string_view bytes, unsigned tag) {
    if (bytes_at(bytes, 0, 2).front() != static_cast<char>(tag)) throw DamagedIndex();
    std::size_t length = 0;
    std::size_t at = 1;
    for (bool goes_on = true; goes_on && at <= 4; ++at) {
        auto const byte = static_cast<unsigned char>(bytes_at(bytes, at, 1).front());
        length = length << 7 | (byte & 0x7f);
        goes_on = (byte & 0x80) != 0;
    }
    auto const content = bytes_at(bytes, at, 0);
    return content.substr(0, std::min(length, content.size()));
}

/// The DecoderConfigDescriptor inside an `esds`.
std::string_view decoder_configuration(std::string_view esds) {
    auto const stream = descriptor(bytes_at(esds, 4, 2), 3);
    auto const flags = byte_at(bytes_at(stream, 0, 3), 2);
    std::size_t at = 3;
    if ((flags & 0x80) != 0) at += 2;
    if ((flags & 0x40) != 0) at += 1 + byte_at(bytes_at(stream, at, 1), 0);
    if ((flags & 0x20) != 0) at += 2;
    return bytes_at(descriptor(bytes_at(stream, at, 2), 4), 0, 13);
}

void read_mpeg4_audio(SoundEntry const& sound, CodecFacts& facts) {
    auto const decoder = decoder_configuration(configuration(sound, "esds", 4));
    auto const kind = byte_at(decoder, 0);
    if (kind == 0x69 || kind == 0x6b) {
        refuse_codec("The audio is MP3 inside MP4, which browsers do not take from segments.");
    }
    if (kind != 0x40 && (kind < 0x66 || kind > 0x68)) {
        refuse_codec("The audio has a codec that players do not take from segments.");
    }
    auto const config = read_aac_config(descriptor(bytes_at(decoder, 13, 2), 5));
    if (!config) throw DamagedIndex();
    auto const type = config->object_type;
    if (type != 2 && type != 5 && type != 29) {
        refuse_codec(
            "The audio is a profile of AAC that players do not take from segments; LC and HE can be packaged.");
    }
    facts.codec = kind == 0x40 ? "mp4a.40." + std::to_string(type) : kind == 0x67 ? "mp4a.67" : "mp4a.40.2";
    if (config->sample_rate != 0) facts.sample_rate = config->sample_rate;
    if (config->channels != 0) facts.channels = config->channels == 7 ? 8 : config->channels;
    facts.silence = silent_aac_frame(config->channels);
}

constexpr std::array<std::uint8_t, 8> ac3_channels{2, 1, 2, 3, 3, 4, 4, 5};
constexpr std::array<std::uint32_t, 4> ac3_rates{48000, 44100, 32000, 0};

// ETSI TS 102 366 annex F: `dac3` and `dec3` have the same fields at other places. `at` is the bit of `fscod`.
void read_dolby(std::string_view box, std::size_t bits_to_acmod, std::size_t at, CodecFacts& facts) {
    auto const number = load_big_endian(box, box.size() < 8 ? box.size() : 8);
    auto const width = 8 * std::min<std::size_t>(box.size(), 8);
    auto const field = [&](std::size_t from, std::size_t count) {
        return static_cast<std::size_t>(number >> (width - from - count) & ((1u << count) - 1));
    };
    auto const rate = ac3_rates[field(at, 2)];
    if (rate != 0) facts.sample_rate = rate;
    facts.channels = static_cast<std::uint32_t>(ac3_channels[field(bits_to_acmod, 3)] + field(bits_to_acmod + 3, 1));
}

// RFC 9639 section 8.2: the STREAMINFO is the first block, behind version and flags.
void read_flac(std::string_view box, CodecFacts& facts) {
    facts.codec = "fLaC";
    auto const place = load_u32(box.substr(18));
    if (place >> 12 != 0) facts.sample_rate = place >> 12;
    facts.channels = (place >> 9 & 7) + 1;
}

// Returns the type of the box with the configuration.
std::string_view read_codec(SoundEntry const& sound, CodecFacts& facts) {
    if (sound.type == "mp4a") {
        read_mpeg4_audio(sound, facts);
        return "esds";
    }
    if (sound.type == "Opus") {
        facts.codec = "opus";
        facts.channels = byte_at(configuration(sound, "dOps", 11), 1);
        facts.sample_rate = 48000;
        return "dOps";
    }
    if (sound.type == "fLaC") {
        read_flac(configuration(sound, "dfLa", 26), facts);
        return "dfLa";
    }
    if (sound.type == "ac-3") {
        facts.codec = "ac-3";
        read_dolby(configuration(sound, "dac3", 3), 10, 0, facts);
        return "dac3";
    }
    if (sound.type == "ec-3") {
        facts.codec = "ec-3";
        read_dolby(configuration(sound, "dec3", 5), 28, 16, facts);
        return "dec3";
    }
    if (sound.type == "enca" || sound.type == "drms") {
        throw Unpackageable(RenditionReason::encrypted, "The audio is encrypted.");
    }
    if (sound.type == ".mp3" || sound.type == std::string_view("ms\0U", 4)) {
        refuse_codec("The audio is MP3 inside MP4, which browsers do not take from segments.");
    }
    refuse_codec(
        "The audio has a codec that players do not take from segments; AAC, Opus, FLAC, AC-3 and E-AC-3 can "
        "be packaged.");
}

}  // namespace

CodecFacts read_audio_entry(std::string_view entry, std::uint8_t description_version) {
    auto const sound = read_sound_entry(entry, description_version);
    CodecFacts facts{.channels = sound.channels, .sample_rate = sound.sample_rate};
    auto const configuration_type = read_codec(sound, facts);
    facts.entry = sound.is_quicktime ? to_iso_entry(sound, entry, configuration_type) : std::string(entry);
    return facts;
}

}  // namespace clinikk::media::packaging
