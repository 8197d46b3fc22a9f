//! The settings of a store on disk.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use larder_core::{Clock, Env, Lifetimes, Random};

/// What the wall clock says.
pub(crate) type WallClock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// The settings of a [`Disk`](crate::Disk), which [`open`](Self::open) opens.
#[derive(Clone)]
pub struct DiskOptions {
    pub(crate) folder: PathBuf,
    pub(crate) capacity: u64,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) threads: usize,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) wall_clock: WallClock,
}

impl DiskOptions {
    /// A store in `folder`, which is made if it isn't there, for `capacity` bytes of keys, values and 64 bytes an entry.
    ///
    /// The folder is the store's alone. What the engine itself needs comes on top: up to 64 MiB, and for a while as much
    /// again as was overwritten.
    pub fn new(folder: impl AsRef<Path>, capacity: u64) -> Self {
        Self {
            folder: folder.as_ref().to_owned(),
            capacity,
            lifetimes: Lifetimes::default(),
            threads: 4,
            clock: Clock::coarse(),
            random: Random::from_entropy(),
            wall_clock: Arc::new(SystemTime::now),
        }
    }

    /// How long entries are usable that don't say it themselves. Without it: as long as they are there.
    #[must_use]
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.lifetimes.usable = Some(ttl);
        self
    }

    /// How long entries are fresh that don't say it themselves. Without it: as long as they are usable.
    #[must_use]
    pub const fn fresh_for(mut self, fresh: Duration) -> Self {
        self.lifetimes.fresh = Some(fresh);
        self
    }

    /// Shortens each default life by a random part of at most `jitter` (0 to 1), so that entries of one moment don't all
    /// end at another.
    #[must_use]
    pub const fn jitter(mut self, jitter: f64) -> Self {
        self.lifetimes.jitter = jitter;
        self
    }

    /// How many threads read and write, at least 1. Without it: 4.
    #[must_use]
    pub const fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// The clock and the randomness of `env`.
    #[must_use]
    pub fn env(mut self, env: &Env) -> Self {
        self.clock = env.clock().clone();
        self.random = env.random().clone();
        self
    }

    /// What tells how long entries lay between two runs. Without it: the system's clock. An entry that it says was
    /// written later than now is not read.
    #[must_use]
    pub fn wall_clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.wall_clock = Arc::new(now);
        self
    }
}

impl std::fmt::Debug for DiskOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DiskOptions")
            .field("folder", &self.folder)
            .field("capacity", &self.capacity)
            .field("lifetimes", &self.lifetimes)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}
