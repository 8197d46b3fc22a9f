//! The tasks of this repository: `cargo xtask test` checks and tests everything, with nothing but cargo.

#![forbid(unsafe_code)]

mod arguments;
mod packages;
mod plan;
mod step;
mod tally;

use std::path::Path;
use std::process::ExitCode;

use arguments::Arguments;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments = match Arguments::parse(&arguments) {
        Ok(arguments) => arguments,
        Err(reason) => {
            eprintln!("{reason}");
            return ExitCode::from(2);
        }
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository");
    let outcome = packages::present()
        .and_then(|()| plan::all(root, arguments.seeds))
        .and_then(|steps| step::run(root, &steps));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}
