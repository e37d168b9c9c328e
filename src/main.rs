//! The `mrv` command: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    mrv::cli::run()
}
