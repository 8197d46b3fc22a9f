//! The table of formats. A new format is a row here and a file beside this one.

mod adapt_size;
mod address;
mod arc;
mod keys;
mod lirs;
mod oracle_general;
mod vscsi;
mod words;

use std::fmt;

use super::detect::Sample;
use super::input::Input;
use super::{Requests, lines, records};

/// A format of traces.
pub struct Format {
    /// Its name, as users say it.
    pub name: &'static str,
    /// What a request looks like in it, in a few words.
    pub about: &'static str,
    /// Whether a trace that begins like this is of this format.
    pub(super) fits: fn(&Sample<'_>) -> bool,
    pub(super) open: fn(Input) -> Requests,
}

/// All formats, in the order in which they are tried.
pub const FORMATS: &[Format] = &[
    arc::FORMAT,
    address::FORMAT,
    address::WITH_PENALTIES,
    adapt_size::FORMAT,
    lirs::FORMAT,
    vscsi::FORMAT,
    oracle_general::FORMAT,
    words::CORDA,
    words::SCARAB,
    words::CLOUD_PHYSICS,
    words::CACHE2K,
    keys::FORMAT,
];

impl Format {
    /// The format of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Format").field("name", &self.name).finish_non_exhaustive()
    }
}
