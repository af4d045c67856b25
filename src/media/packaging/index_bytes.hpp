#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The parts that a packaging index is made of (docs/packaging-index.md).
namespace clinikk::media::packaging {

/// The index is not what `make_index` writes. The readers here throw it, and `PackagingIndex` alone catches it.
class DamagedPackagingIndex : public std::exception {
public:
    char const* what() const noexcept override { return "damaged packaging index"; }
};

/// Appends the parts of an index to a string.
class IndexWriter {
public:
    /// Most significant byte first.
    void fixed(std::uint64_t value, std::size_t size);
    /// Seven bits a byte, the lowest first; every byte but the last has its highest bit set.
    void number(std::uint64_t value);
    /// A signed number: 0, -1, 1, -2, … as 0, 1, 2, 3, …
    void signed_number(std::int64_t value);
    /// Its length first.
    void text(std::string_view value);
    /// As many numbers as the reader will ask for, in the shortest of three ways: runs, a dictionary, or one by one.
    void values(std::span<std::uint32_t const> values);
    void raw(std::string_view bytes) { bytes_.append(bytes); }

    std::size_t size() const noexcept { return bytes_.size(); }
    std::string& bytes() noexcept { return bytes_; }

private:
    std::string bytes_;
};

/// Reads what `IndexWriter` wrote. Every method throws `DamagedPackagingIndex` when the bytes end too early or are
/// nothing that it writes.
class IndexReader {
public:
    explicit IndexReader(std::string_view bytes) : bytes_(bytes) {}

    std::uint64_t fixed(std::size_t size);
    std::uint64_t number();
    /// A number of at most `limit`.
    std::uint64_t number(std::uint64_t limit);
    std::int64_t signed_number();
    std::string_view text();
    std::vector<std::uint32_t> values(std::size_t count);
    std::string_view raw(std::size_t count);

    std::size_t left() const noexcept { return bytes_.size(); }

private:
    std::string_view bytes_;
};

}  // namespace clinikk::media::packaging
