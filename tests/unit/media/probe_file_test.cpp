#include "media/probe_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>
#include <string>

#include "base/error.hpp"
#include "unit/media/temporary_directory.hpp"

namespace clinikk::media {
namespace {

std::string noise(std::size_t size) {
    std::mt19937 random(7);
    std::string bytes(size, '\0');
    for (auto& c : bytes) c = static_cast<char>(1 + random() % 255);
    return bytes;
}

std::string read_all(ProbeFile const& file) {
    std::string bytes(file.size(), 'x');
    file.read_at(0, bytes);
    return bytes;
}

// What is kept of `bytes` fed in pieces of `piece`.
std::string kept(TemporaryDirectory const& directory, std::string_view bytes, std::size_t piece, Extent extra) {
    ProbeFile file(directory.path(), 64);
    file.keep({0, 100});
    file.keep(extra);
    for (std::size_t at = 0; at < bytes.size(); at += piece) file.feed(bytes.substr(at, piece));
    file.finish();
    return read_all(file);
}

TEST(ProbeFile, KeepsHeadTailAndPartsAtTheirOffsets) {
    TemporaryDirectory const directory;
    for (std::size_t const size : {0u, 1u, 99u, 100u, 101u, 150u, 163u, 164u, 165u, 500u, 1000u}) {
        auto const bytes = noise(size);
        auto expected = bytes;
        for (std::size_t i = 0; i < size; ++i) {
            bool const is_cached = i < 100 || i + 64 >= size || (i >= 200 && i < 333);
            if (!is_cached) expected[i] = '\0';
        }
        for (std::size_t const piece : {1u, 7u, 64u, 65u, 150u, 1000u}) {
            auto const result = kept(directory, bytes, piece, {200, 333});
            ASSERT_EQ(result.size(), size);
            for (std::size_t i = 0; i < size; ++i) {
                // More than asked for may be kept, as long as it is true.
                if (result[i] == '\0')
                    EXPECT_EQ(expected[i], '\0') << size << ' ' << piece << ' ' << i;
                else
                    ASSERT_EQ(result[i], bytes[i]) << size << ' ' << piece << ' ' << i;
            }
        }
    }
}

TEST(ProbeFile, HugeFilesTakeLittleSpaceAndLeaveNothingBehind) {
    TemporaryDirectory const directory;
    std::string const piece(1 << 20, 'x');
    ProbeFile file(directory.path(), 1 << 20);
    file.keep({0, 1 << 20});
    for (int i = 0; i < 256; ++i) file.feed(piece);
    file.write_at(128 << 20, "header");
    file.finish();
    auto const input = file.open_for_reading();
    struct stat status{};
    ASSERT_EQ(::fstat(input.get(), &status), 0);
    EXPECT_EQ(status.st_size, 256 << 20);
    EXPECT_LT(status.st_blocks * 512, 3 << 20);
    EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
    EXPECT_LT(::write(input.get(), "x", 1), 0) << "readable only";
    std::string header(6, ' ');
    file.read_at(128 << 20, header);
    EXPECT_EQ(header, "header");
}

TEST(ProbeFile, BeginsAndEndsWhereItIsTold) {
    TemporaryDirectory const directory;
    auto const bytes = noise(1000);
    for (std::size_t const tail : {0u, 64u, 5000u}) {
        ProbeFile file(directory.path(), tail);
        file.feed(std::string_view(bytes).substr(0, 300));
        file.start_at(400, "header");
        file.keep({400, 500});
        file.feed(std::string_view(bytes).substr(300));
        file.finish();
        file.end_at(450);
        auto const input = file.open_for_reading();
        std::string read(1000, ' ');
        read.resize(static_cast<std::size_t>(::read(input.get(), read.data(), read.size())));
        EXPECT_EQ(read, "header" + bytes.substr(400, 50)) << tail;
        std::string at(8, ' ');
        file.read_at(390, at);
        EXPECT_EQ(at, std::string(4, '\0') + "head") << "offsets stay those of the whole file";
    }
}

TEST(ProbeFile, ADirectoryThatIsNotThereMakesTheServiceUnavailable) {
    EXPECT_THROW(ProbeFile("/nonexistent", 1), Unavailable);
}

}  // namespace
}  // namespace clinikk::media
