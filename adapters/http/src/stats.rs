//! What an HTTP origin was asked, and what it said.

use std::sync::atomic::{AtomicU64, Ordering};

/// What an [`HttpOrigin`](crate::HttpOrigin) did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpStats {
    /// Requests that were sent, redirects included.
    pub requests: u64,
    /// Loads that brought a body.
    pub loaded: u64,
    /// Loads that found the body unchanged: it was not sent again.
    pub renewed: u64,
    /// Loads that found that there is no such thing.
    pub absent: u64,
    /// Loads that brought what may not be kept. They are among those above.
    pub unkeepable: u64,
    /// Loads that failed.
    pub failed: u64,
}

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    Request,
    Loaded,
    Renewed,
    Absent,
    Unkeepable,
    Failed,
}

#[derive(Debug, Default)]
pub(crate) struct Counts([AtomicU64; Event::Failed as usize + 1]);

impl Counts {
    pub(crate) fn add(&self, event: Event) {
        self.0[event as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn snapshot(&self) -> HttpStats {
        let of = |event: Event| self.0[event as usize].load(Ordering::Relaxed);
        HttpStats {
            requests: of(Event::Request),
            loaded: of(Event::Loaded),
            renewed: of(Event::Renewed),
            absent: of(Event::Absent),
            unkeepable: of(Event::Unkeepable),
            failed: of(Event::Failed),
        }
    }
}
