//! What a format is: its name, how to tell it, how to read it.

use std::fmt;

use crate::trace::columns::Columns;
use crate::trace::input::Input;
use crate::trace::request::Requests;
use crate::trace::sample::Sample;
use crate::trace::sink::{Output, Sink};

/// A format of traces.
pub struct Format {
    /// Its name, as users say it.
    pub name: &'static str,
    /// What a request looks like in it, in a few words.
    pub about: &'static str,
    /// Whether a trace that begins like this is of this format.
    pub(in crate::trace) fits: fn(&Sample<'_>) -> bool,
    pub(in crate::trace) open: fn(Input, &Columns) -> Requests,
    /// How to write it, where anybody can.
    pub(in crate::trace) sink: Option<fn(Output) -> Box<dyn Sink>>,
}

impl Format {
    /// Whether it can be written.
    pub const fn is_writable(&self) -> bool {
        self.sink.is_some()
    }

    /// Writes requests in this format to `output`; `None` where it can only be read.
    pub fn sink(&self, output: Output) -> Option<Box<dyn Sink>> {
        self.sink.map(|open| open(output))
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Format").field("name", &self.name).finish_non_exhaustive()
    }
}
