//! The `picket` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    picket::cli::run()
}
