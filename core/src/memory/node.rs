//! An entry as the engine keeps it: nothing in it changes but what hits leave behind.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use crate::{Deadline, Time};

/// One entry. Replaced, never changed: readers may have it before their eyes. First what a hit looks at.
#[repr(C)]
pub(super) struct Node<K, V> {
    pub(super) key: K,
    pub(super) value: V,
    /// Until when it is usable without a look at anything else, in nanoseconds; [`FOR_EVER`]. Its hard deadline, or with
    /// time-to-idle an earlier moment, which hits put off.
    pub(super) until: AtomicU64,
    pub(super) mark: Mark,
    /// The number by which the policy knows the entry.
    pub(super) slot: u32,
    /// The lower half of the key's hash.
    pub(super) hash: u32,
    pub(super) weight: NonZeroU32,
    /// The shard's sequence number when the value came in.
    pub(super) sequence: u64,
    pub(super) stored: Time,
    pub(super) fresh: Deadline,
}

/// It has no deadline.
pub(super) const FOR_EVER: u64 = u64::MAX;

impl<K, V> Node<K, V> {
    /// Takes over what `new` is, but for the slot and the hash, which are the same. The key and the value from before.
    #[inline(always)]
    pub(super) fn renew(&mut self, new: Self) -> (K, V) {
        (self.until, self.stored, self.fresh) = (new.until, new.stored, new.fresh);
        (self.sequence, self.weight, self.mark) = (new.sequence, new.weight, new.mark);
        (std::mem::replace(&mut self.key, new.key), std::mem::replace(&mut self.value, new.value))
    }

    /// Whether it is usable at `now` without a look at anything else.
    #[inline(always)]
    pub(super) fn is_usable(&self, now: impl FnOnce() -> Option<Time>) -> bool {
        let until = self.until.load(Ordering::Relaxed);
        until == FOR_EVER || now().is_some_and(|now| now.as_nanos() < until)
    }
}

/// What hits leave behind for a policy to read. Two that come together may count as one.
#[derive(Default)]
pub(super) struct Mark(AtomicU8);

impl Mark {
    #[inline]
    pub(super) fn get(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn set(&self, mark: u8) {
        self.0.store(mark, Ordering::Relaxed);
    }

    /// Adds a use, up to `max`. Only looked at once it is saturated: what nobody writes stays clean in every core's cache.
    #[inline]
    pub(super) fn add(&self, max: u8) {
        let mark = self.get();
        if mark < max {
            self.set(mark + 1);
        }
    }
}
