//! How a recording is made.

use std::fmt;
use std::hash::{BuildHasher, RandomState};

use larder_core::{Clock, Env, Key};

/// How keys are told apart in the trace.
pub(super) type NameKey<K> = Box<dyn Fn(&K) -> u64 + Send + Sync>;
/// How large an entry is.
pub(super) type SizeEntry<K, V> = Box<dyn Fn(&K, &V) -> u32 + Send + Sync>;

/// What is recorded of a store with keys `K` and values `V`.
///
/// ```
/// use larder_lab::record::RecordOptions;
///
/// let options = RecordOptions::<u64, Vec<u8>>::new()
///     .sizes(|_key, value| value.len() as u32)
///     .sample(0.1);
/// # let _ = options;
/// ```
pub struct RecordOptions<K, V> {
    pub(super) name: NameKey<K>,
    pub(super) size: Option<SizeEntry<K, V>>,
    /// Of keys, those with a hash up to this are recorded.
    pub(super) threshold: u64,
    pub(super) clock: Clock,
}

impl<K: Key, V> RecordOptions<K, V> {
    /// All look-ups, with their keys hashed by `SipHash` under a secret that no two recordings share: a trace tells which
    /// requests were for the same key, and nothing of the key.
    pub fn new() -> Self {
        let secret = RandomState::new();
        Self {
            name: Box::new(move |key| secret.hash_one(key)),
            size: None,
            threshold: u64::MAX,
            clock: Clock::precise(),
        }
    }

    /// Names keys by a function of yours: for recordings of several machines that are to be compared. Different keys should
    /// get different numbers. What it tells of the keys stands in the file.
    pub fn keys(mut self, name: impl Fn(&K) -> u64 + Send + Sync + 'static) -> Self {
        self.name = Box::new(name);
        self
    }

    /// How large an entry is, in bytes or whatever the capacity is given in. Without it: 1, and nothing is known of sizes.
    /// Called for each recorded hit and write, on the caller's thread.
    pub fn sizes(mut self, size: impl Fn(&K, &V) -> u32 + Send + Sync + 'static) -> Self {
        self.size = Some(Box::new(size));
        self
    }

    /// Records this part of the keys (0 to 1) with all their requests, and nothing of the others. A cache of the same part
    /// of the capacity misses as often (miniature simulation), so give the lab budgets as much smaller.
    pub fn sample(mut self, part: f64) -> Self {
        self.threshold = if part >= 1.0 { u64::MAX } else { (part.max(0.0) * u64::MAX as f64) as u64 };
        self
    }

    /// Takes the time from the clock of `env`. Without it: from the precise clock.
    pub fn env(mut self, env: &Env) -> Self {
        self.clock = env.clock().clone();
        self
    }
}

impl<K: Key, V> Default for RecordOptions<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V> fmt::Debug for RecordOptions<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordOptions")
            .field("sizes", &self.size.is_some())
            .field("part", &(self.threshold as f64 / u64::MAX as f64))
            .finish_non_exhaustive()
    }
}
