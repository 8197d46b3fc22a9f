//! The source of an answer: which level had it, how old it is, whether it is fresh.

mod trail;

use std::time::Duration;

use larder_core::{Clock, Entry, Lookup, Result, Store, Time};

pub(crate) use trail::{follow_on, leave_loaded};

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A store had it: 0 is the nearest, each [`Tiered`](crate::Tiered) on the way to it adds one. A store without tiers is
    /// level 0.
    Level(usize),
    /// It was loaded, for this read or for one that this read joined.
    Origin,
}

/// An answer and its source, as of the moment it was given. Made by
/// [`PatternExt::get_with_source`](crate::PatternExt::get_with_source).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<V> {
    entry: Entry<V>,
    source: Source,
    at: Time,
}

impl<V> Answer<V> {
    /// The answer that `look_up` gives, if it gives one, by `clock`.
    pub(crate) async fn of<S: Store<Value = V>>(
        store: &S,
        key: &S::Key,
        clock: &Clock,
    ) -> Result<Option<Self>> {
        let (found, trail) = trail::follow(store.get(key)).await;
        let source = if trail.is_loaded { Source::Origin } else { Source::Level(trail.level) };
        match found? {
            Lookup::Hit(entry) => Ok(Some(Self { entry, source, at: clock.now() })),
            Lookup::Miss(_) => Ok(None),
        }
    }

    /// Where it came from.
    pub const fn source(&self) -> Source {
        self.source
    }

    /// The entry, as [`Store::get`] gives it.
    pub const fn entry(&self) -> &Entry<V> {
        &self.entry
    }

    /// The value.
    pub const fn value(&self) -> &V {
        self.entry.value()
    }

    /// The value, without its source.
    pub fn into_value(self) -> V {
        self.entry.into_value()
    }

    /// How long ago the first store took the value in; copies in nearer levels keep that moment. Zero for a value that no
    /// store has taken. It is told right for what is older than the process, up to ten years.
    pub fn age(&self) -> Duration {
        self.entry.life().stored().map_or(Duration::ZERO, |stored| self.at.since(stored))
    }

    /// Whether its soft deadline was still ahead: see [`Life::is_fresh`](larder_core::Life::is_fresh). A stale answer is
    /// one that a pattern gave because there was no better one, or none yet.
    pub const fn is_fresh(&self) -> bool {
        self.entry.life().is_fresh(self.at)
    }

    /// How long the answering level may still use it; `None`: until it evicts it.
    pub fn left(&self) -> Option<Duration> {
        self.entry.life().usable_until().time().map(|end| end.since(self.at))
    }
}
