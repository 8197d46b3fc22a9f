//! What several commands are told: traces and their formats, policies, capacities.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use larder_lab::contender::Contender;
use larder_lab::trace::{self, Columns, FORMATS, Format, Trace};

use crate::failure::Failure;

/// How a trace is to be read.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Reading {
    /// What the trace is: auto, or one of keys, csv, arc, lirs, oracle-general, vscsi, cache2k, corda, scarab,
    /// cloud-physics, address, address-penalties, adapt-size, twitter, larder
    #[arg(long, default_value = "auto")]
    format: String,
    /// Which column of a csv is what, counted from 1 or by its title: key=1,size=3,time=2,ttl=4,cost=5
    #[arg(long, value_name = "WHAT=COLUMN,...")]
    columns: Option<Columns>,
}

impl Reading {
    /// Opens the trace at `path`; `-` is the standard input.
    pub(crate) fn open(&self, path: &Path) -> Result<Trace, Failure> {
        let format = self.chosen()?;
        let columns = self.columns.clone().unwrap_or_default();
        if path == Path::new("-") {
            return Ok(trace::read_with(io::stdin(), "standard input", format, &columns)?);
        }
        Ok(trace::open_with(path, format, &columns)?)
    }

    fn chosen(&self) -> Result<Option<&'static Format>, Failure> {
        if self.format == "auto" {
            let csv = if self.columns.is_some() { Format::named("csv") } else { None };
            return Ok(csv);
        }
        let names = || FORMATS.iter().map(|format| format.name);
        let unknown = || {
            Failure::usage(format!("no format is called '{}'{}", self.format, nearest(&self.format, names())))
        };
        Format::named(&self.format).map(Some).ok_or_else(unknown)
    }
}

/// Whether a trace can be read but once.
pub(crate) fn is_fleeting(path: &Path) -> bool {
    path == Path::new("-") || !path.is_file()
}

/// The policies of these names; `all` stands for all. Each once, in the order in which they are named.
pub(crate) fn policies(names: &[String]) -> Result<Vec<Contender>, Failure> {
    let mut chosen: Vec<Contender> = Vec::new();
    let mut choose = |one: Contender| {
        if chosen.iter().all(|other| other.name() != one.name()) {
            chosen.push(one);
        }
    };
    for name in names.iter().map(|name| name.trim().to_lowercase()) {
        if name == "all" {
            Contender::all().into_iter().for_each(&mut choose);
            continue;
        }
        choose(Contender::named(&name).ok_or_else(|| unknown_policy(&name))?);
    }
    Ok(chosen)
}

fn unknown_policy(name: &str) -> Failure {
    let names = Contender::all().into_iter().map(Contender::name);
    Failure::usage(format!("no policy is called '{name}'{}", nearest(name, names)))
}

/// The names most like `name`, as a question.
pub(crate) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let there_are = names.join(" ");
    let part = |known: &str| if name.len() > 2 && known.contains(name) { 0.75 } else { 0.0 };
    let like = |known| strsim::normalized_damerau_levenshtein(name, known).max(part(known));
    let mut all: Vec<(f64, &str)> = names.into_iter().map(|known| (like(known), known)).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let near: Vec<&str> =
        all.iter().take(3).filter(|(like, _)| *like >= 0.5).map(|(_, known)| *known).collect();
    if near.is_empty() {
        return format!("; there are {there_are}");
    }
    format!("; did you mean {}?", near.join(", "))
}

/// One trace.
#[derive(Args, Clone, Debug)]
pub(crate) struct OneTrace {
    /// The trace; - is the standard input
    pub(crate) trace: PathBuf,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

impl OneTrace {
    pub(crate) fn open(&self) -> Result<Trace, Failure> {
        self.reading.open(&self.trace)
    }

    pub(crate) fn name(&self) -> String {
        self.trace.display().to_string()
    }
}
