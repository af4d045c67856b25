#include "media/packaging/aac.hpp"

#include <array>
#include <cstddef>

#include "media/byte_at.hpp"

namespace clinikk::media::packaging {
namespace {

constexpr std::array<std::uint32_t, 13> sample_rates{96000, 88200, 64000, 48000, 44100, 32000, 24000,
                                                     22050, 16000, 12000, 11025, 8000,  7350};

class BitReader {
public:
    explicit BitReader(std::string_view bytes) : bytes_(bytes) {}

    std::uint32_t take(std::size_t count) {
        std::uint32_t value = 0;
        for (; count > 0; --count, ++at_) {
            if (at_ / 8 >= bytes_.size()) {
                is_short_ = true;
                return 0;
            }
            value = value << 1 | (byte_at(bytes_, at_ / 8) >> (7 - at_ % 8) & 1);
        }
        return value;
    }
    bool is_short() const noexcept { return is_short_; }

private:
    std::string_view bytes_;
    std::size_t at_ = 0;
    bool is_short_ = false;
};

class BitWriter {
public:
    void put(std::uint32_t value, std::size_t count) {
        for (; count > 0; --count, ++bits_) {
            if (bits_ % 8 == 0) bytes_ += '\0';
            auto const bit = value >> (count - 1) & 1;
            bytes_.back() = static_cast<char>(byte_at(bytes_, bytes_.size() - 1) | bit << (7 - bits_ % 8));
        }
    }
    std::string const& bytes() const noexcept { return bytes_; }

private:
    std::string bytes_;
    std::size_t bits_ = 0;
};

unsigned take_object_type(BitReader& bits) {
    auto const type = bits.take(5);
    return type == 31 ? 32 + bits.take(6) : type;
}

std::uint32_t take_sample_rate(BitReader& bits) {
    auto const index = bits.take(4);
    if (index == 15) return bits.take(24);
    return index < sample_rates.size() ? sample_rates[index] : 0;
}

// An individual_channel_stream that says: no scale factor bands.
void put_channel(BitWriter& bits) {
    bits.put(0, 8);  // global_gain
    bits.put(0, 4);  // ics_reserved_bit, window_sequence (long), window_shape
    bits.put(0, 7);  // max_sfb, predictor_data_present
    bits.put(0, 3);  // pulse_data_present, tns_data_present, gain_control_data_present
}

enum Element : std::uint32_t { single = 0, pair = 1, low_frequency = 3, end = 7 };

void put_element(BitWriter& bits, Element element, std::uint32_t tag) {
    bits.put(element, 3);
    bits.put(tag, 4);
    if (element == pair) {
        bits.put(0, 1);  // common_window
        put_channel(bits);
    }
    put_channel(bits);
}

}  // namespace

std::optional<AacConfig> read_aac_config(std::string_view bytes) {
    BitReader bits(bytes);
    AacConfig config;
    config.object_type = take_object_type(bits);
    config.sample_rate = take_sample_rate(bits);
    config.channels = bits.take(4);
    if (bits.is_short()) return std::nullopt;
    return config;
}

std::string silent_aac_frame(unsigned channels) {
    static constexpr std::array<std::string_view, 8> elements{"", "s", "p", "sp", "sps", "spp", "sppl", "spppl"};
    if (channels == 0 || channels >= elements.size()) return {};
    BitWriter bits;
    std::array<std::uint32_t, 8> tags{};  // elements of one kind are told apart by them
    for (auto const kind : elements[channels]) {
        auto const element = kind == 's' ? single : kind == 'p' ? pair : low_frequency;
        put_element(bits, element, tags[element]++);
    }
    bits.put(end, 3);
    return bits.bytes();
}

}  // namespace clinikk::media::packaging
