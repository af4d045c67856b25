#pragma once

#include <utility>

namespace clinikk {

/// Returns whether this `errno` means a full disk or an exhausted quota.
bool is_out_of_space(int error) noexcept;

/// Owns a file descriptor and closes it. All descriptors are opened with O_CLOEXEC.
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
    /// Releases the descriptor to the caller, who must close it.
    int release() noexcept { return std::exchange(fd_, -1); }
    explicit operator bool() const noexcept { return fd_ >= 0; }

private:
    int fd_ = -1;
};

}  // namespace clinikk
