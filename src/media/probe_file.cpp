#include "media/probe_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>

#include "base/error.hpp"

namespace clinikk::media {
namespace {

[[noreturn]] void throw_errno(char const* what) {
    std::system_error const failure(errno, std::generic_category(), what);
    if (is_out_of_space(failure.code().value())) throw std::system_error(failure);
    throw Unavailable(failure.what());
}

FileDescriptor open_nameless(std::filesystem::path const& directory) {
    FileDescriptor file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (file) return file;
    // Some network and overlay file systems have no O_TMPFILE.
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) throw_errno("cannot make a probe file");
    auto name = (directory / "probe-XXXXXX").string();
    file = FileDescriptor(::mkostemp(name.data(), O_CLOEXEC));
    if (!file) throw_errno("cannot make a probe file");
    ::unlink(name.c_str());
    return file;
}

}  // namespace

ProbeFile::ProbeFile(std::filesystem::path const& directory, std::size_t tail)
    : file_(open_nameless(directory)), tail_size_(tail) {}

void ProbeFile::start_at(std::uint64_t offset, std::string_view header) {
    header_ = header;
    start_ = offset - header.size();
}

void ProbeFile::keep(Extent part) {
    if (part.begin < part.end) parts_.push_back(part);
}

void ProbeFile::write_at(std::uint64_t offset, std::string_view bytes) {
    if (offset < start_) {
        bytes.remove_prefix(static_cast<std::size_t>(std::min<std::uint64_t>(start_ - offset, bytes.size())));
        offset = start_;
    }
    offset -= start_;
    while (!bytes.empty()) {
        auto const count = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_errno("cannot write a probe file");
        bytes.remove_prefix(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
}

void ProbeFile::feed(std::string_view bytes) {
    auto const begin = position_;
    auto const end = begin + bytes.size();
    for (auto const& part : parts_) {
        auto const from = std::max(part.begin, begin);
        auto const to = std::min(part.end, end);
        if (from < to) write_at(from, bytes.substr(from - begin, to - from));
    }
    std::erase_if(parts_, [end](Extent const& part) { return part.end <= end; });
    // While the beginning is still being kept, no other copy is needed.
    bool const in_head = std::ranges::any_of(parts_, [](Extent const& part) { return part.begin == 0; });
    if (!in_head) remember_tail(bytes);
    position_ = end;
}

void ProbeFile::remember_tail(std::string_view bytes) {
    if (tail_size_ == 0) return;
    if (!tail_) {
        tail_ = std::make_unique_for_overwrite<char[]>(tail_size_);
        tail_begin_ = position_;
    }
    auto const end = position_ + bytes.size();
    if (bytes.size() > tail_size_) bytes.remove_prefix(bytes.size() - tail_size_);
    auto const at = static_cast<std::size_t>((end - bytes.size()) % tail_size_);
    auto const first = std::min(bytes.size(), tail_size_ - at);
    std::memcpy(tail_.get() + at, bytes.data(), first);
    std::memcpy(tail_.get(), bytes.data() + first, bytes.size() - first);
    if (end - tail_begin_ > tail_size_) tail_begin_ = end - tail_size_;
}

void ProbeFile::finish() {
    if (tail_) {
        auto const at = static_cast<std::size_t>(tail_begin_ % tail_size_);
        auto const length = static_cast<std::size_t>(position_ - tail_begin_);
        auto const first = std::min(length, tail_size_ - at);
        write_at(tail_begin_, {tail_.get() + at, first});
        write_at(tail_begin_ + first, {tail_.get(), length - first});
        tail_.reset();
    }
    write_at(start_, header_);
    auto const size = position_ - std::min(start_, position_);
    if (::ftruncate(file_.get(), static_cast<off_t>(size)) != 0) throw_errno("cannot size a probe file");
}

void ProbeFile::end_at(std::uint64_t offset) {
    if (offset < start_ || offset >= position_) return;
    if (::ftruncate(file_.get(), static_cast<off_t>(offset - start_)) != 0) throw_errno("cannot size a probe file");
}

void ProbeFile::read_at(std::uint64_t offset, std::span<char> out) const {
    if (offset < start_) {
        auto const before = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(start_ - offset, out.size())));
        std::ranges::fill(before, '\0');
        out = out.subspan(before.size());
        offset = start_;
    }
    offset -= start_;
    while (!out.empty()) {
        auto const count = ::pread(file_.get(), out.data(), out.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_errno("cannot read a probe file");
        if (count == 0) break;
        out = out.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
    std::ranges::fill(out, '\0');
}

FileDescriptor ProbeFile::open_for_reading() const {
    auto const path = "/proc/self/fd/" + std::to_string(file_.get());
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) throw_errno("cannot open a probe file again");
    return file;
}

}  // namespace clinikk::media
