//! The table of formats. A new format is a row here and a file beside this one.

mod adapt_size;
mod address;
mod arc;
mod csv;
mod format;
mod keys;
mod larder;
mod lirs;
mod oracle_general;
mod twitter;
mod vscsi;
mod words;

pub use format::Format;

/// All formats, in the order in which they are tried.
pub const FORMATS: &[Format] = &[
    larder::FORMAT,
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
    twitter::FORMAT,
    csv::FORMAT,
    keys::FORMAT,
];

impl Format {
    /// The format of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }
}
