#pragma once

namespace clinikk::app {

/// The command line of `clinikk-tv`; the process's exit status: 0, 1 for a failure, 2 for a wrong command line.
int run_command_line(int argc, char** argv);

}  // namespace clinikk::app
