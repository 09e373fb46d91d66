//! The program; see `postern::cli` for its commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    postern::cli::run()
}
