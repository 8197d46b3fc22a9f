//! How a queue of writes behaves: `Batch`, and what it does when it is `Full`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use larder_core::{Change, Error, Record};

use crate::back_off::BackOff;

/// What a full queue does with the write of another key. (The write of a key that is queued already needs no room.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Full {
    /// Lets it wait until there is room: back-pressure.
    #[default]
    Wait,
    /// Refuses it: [`Overloaded`](larder_core::ErrorKind::Overloaded).
    Refuse,
}

/// When a batch of queued writes leaves for the origin, and what happens when it fails.
///
/// ```
/// use std::time::Duration;
/// use larder_patterns::{Batch, Full};
///
/// let batch: Batch<u64, String> = Batch::of(256)
///     .every(Duration::from_secs(1))
///     .capacity(10_000)
///     .when_full(Full::Refuse)
///     .give_up_after(20, |change, error| eprintln!("a {change:?} is lost: {error}"));
/// ```
#[derive(Clone)]
pub struct Batch<K, V> {
    pub(super) size: usize,
    pub(super) interval: Duration,
    pub(super) capacity: usize,
    pub(super) full: Full,
    pub(super) back_off: BackOff,
    pub(super) write_deadline: Option<Duration>,
    pub(super) flush_deadline: Option<Duration>,
    pub(super) last_resort: Option<LastResort<K, V>>,
    pub(super) undecodable: Option<Undecodable>,
}

/// After how many attempts a write is given up, and who gets it then.
#[derive(Clone)]
pub(super) struct LastResort<K, V> {
    pub(super) attempts: u32,
    pub(super) dead_letter: DeadLetter<K, V>,
}

type DeadLetter<K, V> = Arc<dyn Fn(Change<K, V>, &Error) + Send + Sync>;
pub(super) type Undecodable = Arc<dyn Fn(&Record, &Error) + Send + Sync>;

impl<K, V> Batch<K, V> {
    /// A batch leaves when it has this many keys (zero counts as one), or when its oldest write has waited a second.
    ///
    /// The queue holds 65,536 keys and then lets writers wait. A failed write is tried again after 100 ms, then after twice
    /// as long each time up to 30 s, for ever.
    pub fn of(size: usize) -> Self {
        Self {
            size: size.max(1),
            interval: Duration::from_secs(1),
            capacity: 65_536,
            full: Full::Wait,
            back_off: BackOff { first: Duration::from_millis(100), longest: Duration::from_secs(30) },
            write_deadline: None,
            flush_deadline: None,
            last_resort: None,
            undecodable: None,
        }
    }

    /// How long a write waits for its batch to fill at most. Zero: not at all.
    pub fn every(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How many keys may be queued. Zero counts as one.
    pub fn capacity(mut self, keys: usize) -> Self {
        self.capacity = keys.max(1);
        self
    }

    /// What happens to a write for which there is no room.
    pub fn when_full(mut self, full: Full) -> Self {
        self.full = full;
        self
    }

    /// How long a failed write waits before it is tried again: `first`, then twice as long each time, never longer than
    /// `longest`. Up to half of each wait is taken off at random, so that writers don't return together. Less than a
    /// millisecond counts as one; a `longest` below `first` counts as `first`.
    pub fn back_off(mut self, first: Duration, longest: Duration) -> Self {
        let first = first.max(Duration::from_millis(1));
        self.back_off = BackOff { first, longest: longest.max(first) };
        self
    }

    /// How long one call of the writer may take; then it has failed. So has a call of the cache or of the journal that the
    /// queue makes on its own. Without: as long as it likes, and the queue waits.
    ///
    /// A write that was dropped for it may still reach an origin that is merely slow: after the write that follows, too,
    /// unless the origin itself refuses the older one. So give the writer's own client the shorter deadline.
    pub fn write_deadline(mut self, deadline: Duration) -> Self {
        self.write_deadline = Some(deadline);
        self
    }

    /// How long `flush` and `close` wait; then they are a [`Timeout`](larder_core::ErrorKind::Timeout) that says how many
    /// writes are left. Without: until all is written.
    pub fn flush_deadline(mut self, deadline: Duration) -> Self {
        self.flush_deadline = Some(deadline);
        self
    }

    /// Gives a write up once this many attempts have failed (zero counts as one): `dead_letter` gets it, with the last
    /// error, and the key is removed from the cache. It must be quick, and may panic.
    ///
    /// Without, no write is ever given up; one that can never succeed keeps its place in the queue.
    pub fn give_up_after(
        mut self,
        attempts: u32,
        dead_letter: impl Fn(Change<K, V>, &Error) + Send + Sync + 'static,
    ) -> Self {
        self.last_resort = Some(LastResort { attempts: attempts.max(1), dead_letter: Arc::new(dead_letter) });
        self
    }

    /// Who gets the records of a journal that the codec can't decode; they are settled then. Without, such a journal is not
    /// opened.
    pub fn undecodable(mut self, handler: impl Fn(&Record, &Error) + Send + Sync + 'static) -> Self {
        self.undecodable = Some(Arc::new(handler));
        self
    }
}

impl<K, V> fmt::Debug for Batch<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("size", &self.size)
            .field("interval", &self.interval)
            .field("capacity", &self.capacity)
            .field("full", &self.full)
            .field("attempts", &self.last_resort.as_ref().map(|last| last.attempts))
            .finish_non_exhaustive()
    }
}
