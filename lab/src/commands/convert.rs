//! `larder convert`: from one format to another.

use std::path::PathBuf;

use clap::Args;

use crate::arguments::OneTrace;
use crate::failure::Failure;
use crate::progress::{NOTHING, Progress, stopped, watch};
use crate::target::{Target, target_format};

/// Write a trace in another format; what that has no place for is left out
#[derive(Args)]
pub(crate) struct Convert {
    #[command(flatten)]
    trace: OneTrace,
    /// The format to write: keys, csv, oracle-general or larder; by default told by the output's name
    #[arg(long)]
    to: Option<String>,
    /// Where to: a name that ends in .gz or .zst is compressed; - is the standard output
    #[arg(short, long)]
    output: PathBuf,
}

impl Convert {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let format = target_format(self.to.as_deref(), &self.output)?;
        let trace = self.trace.open()?;
        let mut target = Target::create(&self.output, format)?;
        let _progress = Progress::start("converting", None);
        for request in watch().through(trace) {
            target.write(&request?)?;
        }
        stopped(|| NOTHING.to_owned())?;
        target.finish()
    }
}
