// The test program is its own `sandbox-exec`: started again with that as its first argument it becomes the sandbox
// before anything else runs, as clinikk-tv does in its main. So the sandbox is tested without the whole program.
#include <cstdlib>
#include <string_view>

#include "media/sandbox.hpp"

namespace {

// The GNU C library passes main's arguments to constructors.
[[gnu::constructor]] void become_sandbox(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "sandbox-exec") {
        std::_Exit(clinikk::media::sandbox_exec_main(argc - 1, argv + 1));
    }
}

}  // namespace
