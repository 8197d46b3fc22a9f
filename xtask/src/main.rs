//! The tasks of this repository: `cargo xtask test` checks and tests everything, with nothing but cargo.

mod packages;
mod plan;
mod step;
mod tally;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask test";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments != ["test"] {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository");
    let outcome =
        packages::present().and_then(|()| plan::all(root)).and_then(|steps| step::run(root, &steps));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}
