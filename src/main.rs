//! The program; see `postern::cli` for its commands.

use std::process::ExitCode;

/// The system's allocator keeps an arena for each thread, and what a burst of connections leaves in them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    postern::cli::run()
}
