//! The clock of all tags, and what can be invalidated by it.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use larder_core::Lease;
use parking_lot::Mutex;

use super::markers::Markers;
use super::stamp::Stamp;
use super::tag::Tag;

const CELLS: usize = 1 << 16;

/// What tells a lease with a reading from any other.
const TAGS: u64 = 0x7461_6773_2d6c_6561;

/// How many tags that were told from elsewhere are remembered. To forget one costs a needless invalidation at worst.
const TOLD: usize = 1 << 16;

/// What was invalidated when: the state that [`Tagged`](super::Tagged) stores share. The clones are one.
///
/// All tags share one clock, which every invalidation moves on. An entry carries the reading from before its load,
/// which is the version of each of its tags at once; so its tags need not be known before the value is. The entry is
/// good while none of them has been invalidated after that reading.
///
/// The memory is fixed: 512 KiB, or what [`with_cells`](Self::with_cells) says. Markers never expire. Of entries
/// that outlive a thousand invalidations of other tags, less than one in ten thousand is reloaded needlessly; of those that
/// outlive ten thousand, one in twenty for each of their tags.
///
/// ```
/// # use larder_core::{Memory, Store, StoreExt};
/// # use larder_patterns::{PatternExt, Tags};
/// # use larder_policies::Lru;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let tags = Tags::new();
/// let names = Memory::new(100, Lru::new)
///     .tagged_in(&tags, |id: &u64, _name: &String| [format!("user:{id}")])
///     .read_through(|id: u64| async move { Ok(Some(format!("user {id}"))) });
/// names.get(&7).await?;
/// tags.invalidate("user:7"); // wherever the store is by now
/// # assert!(names.get_now(&7).is_none());
/// # Ok::<(), larder_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Tags(Arc<Inner>);

struct Inner {
    /// Begins at random, so that no reading of another clock is one of this.
    clock: AtomicU64,
    /// Older readings are void: those of other clocks, and those from before all was invalidated.
    floor: AtomicU64,
    markers: Markers,
    told: Mutex<HashMap<Tag, u64>>,
}

impl Tags {
    /// Tags of which none was invalidated yet.
    pub fn new() -> Self {
        Self::with_cells(CELLS)
    }

    /// The same with other memory: 8 bytes a cell, up to 1 GiB. With 16 cells for each tag that is invalidated while an entry
    /// lives, one such entry in four hundred is reloaded needlessly.
    pub fn with_cells(cells: usize) -> Self {
        static CLOCKS: AtomicU64 = AtomicU64::new(0);
        let start = RandomState::new().hash_one(CLOCKS.fetch_add(1, Ordering::Relaxed)) / 2;
        Self(Arc::new(Inner {
            clock: AtomicU64::new(start),
            floor: AtomicU64::new(start),
            markers: Markers::new(cells),
            told: Mutex::default(),
        }))
    }

    /// Drops every entry with this tag, in one step, however many there are. Loads under way will not fill.
    pub fn invalidate(&self, tag: impl Into<Tag>) {
        self.0.markers.mark(tag.into().short(), self.tick());
    }

    /// Drops every entry of every store that shares these tags, in one step. Loads under way will not fill.
    pub fn invalidate_all(&self) {
        self.0.floor.fetch_max(self.tick(), Ordering::AcqRel);
    }

    /// Hears of an invalidation elsewhere: `version` must count those of this tag, one counter for all who tell of them.
    ///
    /// What is news drops the entries here. What is no newer than what was heard is ignored, so that messages may come
    /// twice and in any order. Whether it was news.
    pub fn merge(&self, tag: impl Into<Tag>, version: u64) -> bool {
        let tag = tag.into();
        let mut told = self.0.told.lock();
        if told.get(&tag).is_some_and(|heard| version <= *heard) {
            return false;
        }
        if told.len() >= TOLD {
            told.clear();
        }
        told.insert(tag, version);
        // Under the lock: who hears that it was no news may rely on its being done.
        self.invalidate(tag);
        true
    }

    /// Moves the clock on before the mark is made: who reads it from here on loads what the invalidation was about.
    fn tick(&self) -> u64 {
        self.0.clock.fetch_add(1, Ordering::AcqRel).wrapping_add(1)
    }

    #[inline]
    fn now(&self) -> u64 {
        self.0.clock.load(Ordering::Acquire)
    }

    fn floor(&self) -> u64 {
        self.0.floor.load(Ordering::Acquire)
    }

    /// The lease `inner` with the reading of the clock.
    #[cold]
    pub(super) fn dated(&self, inner: Lease) -> Lease {
        Lease::new([TAGS, self.now()]).and(inner)
    }

    /// The reading and the lease again; `None` if the reading is not of this clock.
    pub(super) fn undated(&self, lease: Lease) -> Option<(u64, Lease)> {
        let (head, inner) = lease.split();
        let [TAGS, version] = head.stamp() else { return None };
        (self.floor()..=self.now()).contains(&version).then_some((version, inner?))
    }

    /// The stamp of a value that is written now.
    pub(super) fn stamp_now(&self, tags: impl IntoIterator<Item = Tag>) -> Stamp {
        Stamp::new(self.now(), tags)
    }

    /// Whether nothing that concerns the entry was invalidated since its stamp was made.
    #[inline]
    pub(super) fn vouch_for(&self, stamp: &Stamp) -> bool {
        stamp.version() == self.now() || self.is_untouched(stamp)
    }

    /// The same where something was invalidated.
    fn is_untouched(&self, stamp: &Stamp) -> bool {
        let version = stamp.version();
        (self.floor()..self.now()).contains(&version)
            && stamp.tags().iter().all(|tag| self.0.markers.is_older(*tag, version))
    }
}

impl Default for Tags {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tags").field("markers", &self.0.markers).finish_non_exhaustive()
    }
}
