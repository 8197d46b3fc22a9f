//! `larder generate`: synthetic traces, the same for the same seed.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use larder_lab::generate::{Loop, Mix, Scan, ShiftingHotSet, Zipf, sample};
use larder_lab::trace::Request;

use crate::failure::Failure;
use crate::progress::{NOTHING, Progress, stopped, watch};
use crate::target::{Target, target_format};

/// Make a synthetic trace
#[derive(Args)]
pub(crate) struct Generate {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Subcommand)]
enum Kind {
    /// A few keys are asked for often, most of them rarely
    Zipf {
        #[command(flatten)]
        popularity: Popularity,
        #[command(flatten)]
        writing: Writing,
    },
    /// Each key once
    Scan {
        #[command(flatten)]
        writing: Writing,
    },
    /// The same keys over and over, in the same order
    Loop {
        /// How many keys
        #[arg(long, default_value = "1000", value_parser = clap::value_parser!(u64).range(1..))]
        keys: u64,
        #[command(flatten)]
        writing: Writing,
    },
    /// A Zipf whose popular keys change
    Shift {
        #[command(flatten)]
        popularity: Popularity,
        /// After how many requests they change
        #[arg(long, default_value = "10000", value_parser = clap::value_parser!(u64).range(1..))]
        period: u64,
        /// By how many keys
        #[arg(long, default_value = "500")]
        step: u64,
        #[command(flatten)]
        writing: Writing,
    },
    /// Several kinds at once, each with its share of the requests; without parts, the project's own sample
    Mix {
        /// Parts: SHARE:zipf:KEYS:EXPONENT, SHARE:scan or SHARE:loop:KEYS
        parts: Vec<Part>,
        #[command(flatten)]
        writing: Writing,
    },
}

#[derive(Args)]
struct Popularity {
    /// How many keys
    #[arg(long, default_value = "100000", value_parser = clap::value_parser!(u64).range(1..))]
    keys: u64,
    /// The key of rank r is asked for in proportion to 1/r^EXPONENT
    #[arg(long, default_value = "0.9", value_parser = exponent)]
    exponent: f64,
}

#[derive(Args)]
struct Writing {
    /// How many requests
    #[arg(short = 'n', long, default_value = "1000000", value_parser = clap::value_parser!(u64).range(1..))]
    requests: u64,
    /// Another seed, another trace
    #[arg(long, default_value = "1")]
    seed: u64,
    /// The format to write: keys, csv, oracle-general or larder; by default told by the output's name
    #[arg(long)]
    to: Option<String>,
    /// Where to: a name that ends in .gz or .zst is compressed; - is the standard output
    #[arg(short, long, default_value = "-")]
    output: PathBuf,
}

#[derive(Clone, Copy, Debug)]
struct Part {
    share: u32,
    kind: PartKind,
}

#[derive(Clone, Copy, Debug)]
enum PartKind {
    Zipf(u64, f64),
    Scan,
    Loop(u64),
}

fn exponent(text: &str) -> Result<f64, String> {
    let exponent: f64 = text.parse().map_err(|_| "expected a number".to_owned())?;
    if (0.0..=64.0).contains(&exponent) {
        Ok(exponent)
    } else {
        Err("expected a number from 0 to 64".to_owned())
    }
}

impl std::str::FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected SHARE:zipf:KEYS:EXPONENT, SHARE:scan or SHARE:loop:KEYS".to_owned();
        let fields: Vec<&str> = text.split(':').collect();
        let keys = |text: &str| text.parse().ok().filter(|keys| *keys > 0_u64).ok_or_else(expected);
        let (share, kind) = match fields[..] {
            [share, "zipf", count, power] => (share, PartKind::Zipf(keys(count)?, exponent(power)?)),
            [share, "scan"] => (share, PartKind::Scan),
            [share, "loop", count] => (share, PartKind::Loop(keys(count)?)),
            _ => return Err(expected()),
        };
        let share = share.parse().ok().filter(|share| *share > 0).ok_or_else(expected)?;
        Ok(Self { share, kind })
    }
}

impl Generate {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.kind {
            Kind::Zipf { popularity, writing } => {
                writing.write(Zipf::new(popularity.keys, popularity.exponent, writing.seed))
            }
            Kind::Scan { writing } => writing.write(Scan::from(0)),
            Kind::Loop { keys, writing } => writing.write(Loop::new(0, keys)),
            Kind::Shift { popularity, period, step, writing } => {
                let ranks = Zipf::new(popularity.keys, popularity.exponent, writing.seed);
                writing.write(ShiftingHotSet::new(ranks, period, step))
            }
            Kind::Mix { parts, writing } if parts.is_empty() => writing.write(sample(writing.seed)),
            Kind::Mix { parts, writing } => writing.write(mix(&parts, writing.seed)),
        }
    }
}

/// Each part has keys of its own, a trillion apart.
fn mix(parts: &[Part], seed: u64) -> Mix {
    const APART: u64 = 1_000_000_000_000;
    let add = |mix: Mix, (number, part): (u64, &Part)| {
        let first = number * APART;
        match part.kind {
            PartKind::Zipf(keys, exponent) => {
                let ranks = Zipf::new(keys, exponent, seed.wrapping_add(number + 1));
                mix.add(part.share, ranks.map(move |key| first + key))
            }
            PartKind::Scan => mix.add(part.share, Scan::from(first)),
            PartKind::Loop(keys) => mix.add(part.share, Loop::new(first, keys)),
        }
    };
    (0..).zip(parts).fold(Mix::new(seed), add)
}

impl Writing {
    fn write(&self, keys: impl Iterator<Item = u64>) -> Result<(), Failure> {
        let format = target_format(self.to.as_deref(), &self.output)?;
        let mut target = Target::create(&self.output, format)?;
        let _progress = Progress::start("generating", Some(self.requests));
        let watch = watch();
        for key in keys.take(usize::try_from(self.requests).unwrap_or(usize::MAX)) {
            target.write(&Request::new(key))?;
            watch.add(1);
            if watch.is_stopped() {
                break;
            }
        }
        stopped(|| NOTHING.to_owned())?;
        target.finish()
    }
}
