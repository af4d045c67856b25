#pragma once

namespace clinikk::app {

/// Runs the command line of `clinikk-tv`. Returns the exit status of the process: 0, 1 for a failure, 2 for a wrong
/// command line.
int run_command_line(int argc, char** argv);

}  // namespace clinikk::app
