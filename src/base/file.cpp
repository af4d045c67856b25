#include "base/file.hpp"

#include <unistd.h>

#include <cerrno>

namespace clinikk {

bool is_out_of_space(int error) noexcept { return error == ENOSPC || error == EDQUOT; }

FileDescriptor::~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
}

}  // namespace clinikk
