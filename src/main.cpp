#include <malloc.h>

#include "app/command_line.hpp"

namespace {

/// From this size on, memory goes back to the system when it is freed. glibc raises its bound to the largest block that
/// was freed, and then keeps the buffers of requests in heaps that many uploads at once leave full of holes.
constexpr int large_block = 128 * 1024;  // bytes

}  // namespace

int main(int argc, char** argv) {
    ::mallopt(M_MMAP_THRESHOLD, large_block);
    return clinikk::app::run_command_line(argc, argv);
}
