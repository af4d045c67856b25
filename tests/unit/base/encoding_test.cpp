#include "base/encoding.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace clinikk {
namespace {

std::string encoded(std::string_view text) {
    std::vector<std::uint8_t> const bytes(text.begin(), text.end());
    return to_base64(bytes);
}

TEST(Base64, IsReadAsItIsWritten) {
    std::string text;
    for (int i = 0; i < 300; ++i) {
        EXPECT_EQ(from_base64(encoded(text)), text);
        text += static_cast<char>(i * 37);
    }
    EXPECT_EQ(from_base64("d29ybGQ/+w=="), "world?\xfb");
}

TEST(Base64, HasOneSpelling) {
    for (auto const* const wrong : {"A", "AA", "AAA", "A===", "====", "=", "AA=A", "AA==AAAA", "AB==", "AAB=", "AA-_",
                                    "AA A", " AAAA", "AAAA\n", "AAAA="}) {
        EXPECT_FALSE(from_base64(wrong)) << wrong;
    }
}

}  // namespace
}  // namespace clinikk
