// The test program is its own `sandbox-exec`: started again with that as its first argument it becomes the sandbox
// before anything else runs, as clinikk-tv does in its main. So the sandbox is tested without the whole program.
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "media/sandbox.hpp"

namespace {

// Memory that the launcher holds, in MiB, as a program with a sanitizer holds it.
void take_ballast() {
    auto const* const wanted = std::getenv("CLINIKK_TEST_BALLAST");
    if (wanted == nullptr) return;
    auto const size = static_cast<std::size_t>(std::atoi(wanted)) << 20;
    static void* const ballast = std::malloc(size);
    if (ballast != nullptr) std::memset(ballast, 1, size);
}

// The GNU C library passes main's arguments to constructors.
[[gnu::constructor]] void become_sandbox(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "sandbox-exec") {
        take_ballast();
        std::_Exit(clinikk::media::sandbox_exec_main(argc - 1, argv + 1));
    }
}

}  // namespace
