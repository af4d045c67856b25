#pragma once

#include <utility>

namespace clinikk {

/// Whether this `errno` tells of a full disk, or of a quota that is used up.
bool is_out_of_space(int error) noexcept;

/// Owns a file descriptor; closes it at the end. Descriptors are opened with O_CLOEXEC throughout.
class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int fd) noexcept : fd_(fd) {}
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~FileDescriptor();

    int get() const noexcept { return fd_; }
    /// Gives the descriptor to somebody else who closes it.
    int release() noexcept { return std::exchange(fd_, -1); }
    explicit operator bool() const noexcept { return fd_ >= 0; }

private:
    int fd_ = -1;
};

}  // namespace clinikk
