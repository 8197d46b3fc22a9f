//! How far a long step is: a bar on a terminal, else one line when it has ended. On standard error.

use std::io::{self, IsTerminal, Write};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

use crate::units;

/// A step of so many things.
pub(crate) struct Progress {
    bar: ProgressBar,
    title: String,
    noun: &'static str,
    began: Instant,
}

impl Progress {
    pub(crate) fn new(title: impl Into<String>, things: u64, noun: &'static str) -> Self {
        let target = if io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let title = title.into();
        let bar = ProgressBar::with_draw_target(Some(things), target)
            .with_message(format!("{title:<20}"))
            .with_finish(ProgressFinish::AndClear);
        let line = "  {msg} {bar:24} {human_pos:>9} of {human_len} {eta:>4} left";
        bar.set_style(ProgressStyle::with_template(line).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, title, noun, began: Instant::now() }
    }

    /// Says that the first `things` are done.
    pub(crate) fn reached(&self, things: u64) {
        self.bar.set_position(things);
    }

    /// Takes the bar away, or says in a line what was done.
    pub(crate) fn ended(&self) {
        if self.bar.is_hidden() {
            let things = units::of(self.bar.length().unwrap_or_default(), self.noun);
            let took = units::duration(self.began.elapsed());
            let _ = writeln!(io::stderr(), "  {}: {things} in {took}", self.title);
        }
        self.bar.finish_and_clear();
    }
}
