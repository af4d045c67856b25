#include "base/file.hpp"

#include <unistd.h>

namespace clinikk {

FileDescriptor::~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
}

}  // namespace clinikk
