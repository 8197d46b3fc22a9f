//! What is noted of a call, in five words.

use std::time::Duration;

/// No TTL is known.
const NO_TTL: u64 = u64::MAX;

/// Something that happened to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) key: u64,
    /// In nanoseconds, by the recorder's clock.
    pub(super) at: u64,
    ttl: u64,
    pub(super) size: u32,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A look-up that found its entry.
    Hit,
    /// A look-up that found nothing.
    Miss,
    /// An entry was filled in or written: it answers the misses before it.
    Fill,
}

impl Event {
    pub(super) const fn new(kind: Kind, key: u64, at: u64, size: u32) -> Self {
        Self { key, at, ttl: NO_TTL, size, kind }
    }

    pub(super) fn with_ttl(self, ttl: Option<Duration>) -> Self {
        let nanos = |ttl: Duration| u64::try_from(ttl.as_nanos()).unwrap_or(NO_TTL);
        Self { ttl: ttl.map_or(NO_TTL, nanos), ..self }
    }

    pub(super) fn ttl(&self) -> Option<Duration> {
        (self.ttl != NO_TTL).then(|| Duration::from_nanos(self.ttl))
    }
}
