//! A promise that was broken, and how: `Failure`.

use std::fmt;

/// A run that broke a promise: its seed, the promise, and all that happened until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    seed: u64,
    reason: String,
    trace: Vec<String>,
}

impl Failure {
    pub(super) const fn new(seed: u64, reason: String, trace: Vec<String>) -> Self {
        Self { seed, reason, trace }
    }

    /// The seed that shows it again.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Which promise was broken, and by what.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What happened, in order, with the milliseconds by the clock.
    pub fn trace(&self) -> &[String] {
        &self.trace
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}: {}", self.seed, self.reason)?;
        for (at, line) in self.trace.iter().enumerate() {
            writeln!(f, "{:>5} {line}", at + 1)?;
        }
        write!(f, "to see it again: LARDER_SEED={}", self.seed)
    }
}

impl std::error::Error for Failure {}
