//! What left a shard: told and dropped only after the shard's lock is released.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Cause, report};

/// Told of every entry that leaves.
pub(super) type Listener<K, V> = Arc<dyn Fn(&K, &V, Cause) + Send + Sync>;

pub(super) struct Removed<K, V> {
    pub(super) key: K,
    pub(super) value: V,
    pub(super) cause: Cause,
}

/// Removed entries, the first without allocating.
pub(super) struct Removals<K, V> {
    /// Whether there is a listener.
    told: bool,
    first: Option<Removed<K, V>>,
    rest: Vec<Removed<K, V>>,
}

impl<K, V> Removals<K, V> {
    /// With `told`, a listener is to be told of each.
    pub(super) const fn new(told: bool) -> Self {
        Self { told, first: None, rest: Vec::new() }
    }

    /// Keeps what left, unless nobody is told of it and dropping it does nothing.
    #[inline]
    pub(super) fn push(&mut self, key: K, value: V, cause: Cause) {
        if !self.told && !std::mem::needs_drop::<(K, V)>() {
            return;
        }
        let removed = Removed { key, value, cause };
        match self.first {
            None => self.first = Some(removed),
            Some(_) => self.rest.push(removed),
        }
    }

    /// Tells `listener` of each and drops it. Panics of the listener and of destructors are caught and counted: they
    /// are no affair of the caller, who merely needed the room.
    #[inline]
    pub(super) fn deliver(self, listener: Option<&Listener<K, V>>, panics: &AtomicU64) {
        if self.first.is_some() {
            self.deliver_all(listener, panics);
        }
    }

    fn deliver_all(self, listener: Option<&Listener<K, V>>, panics: &AtomicU64) {
        for removed in self.first.into_iter().chain(self.rest) {
            if let Some(listener) = listener {
                guard(panics, || listener(&removed.key, &removed.value, removed.cause));
            }
            drop_guarded(removed.key, panics);
            drop_guarded(removed.value, panics);
        }
    }
}

/// Drops what belongs to the application; a panic of its destructor is caught and counted.
pub(super) fn drop_guarded<T>(value: T, panics: &AtomicU64) {
    if std::mem::needs_drop::<T>() {
        guard(panics, || drop(value));
    }
}

/// Runs a callback of the application; a panic is caught and counted.
pub(super) fn guard<T>(panics: &AtomicU64, callback: impl FnOnce() -> T) -> Option<T> {
    let outcome = catch_unwind(AssertUnwindSafe(callback));
    if outcome.is_err() {
        panics.fetch_add(1, Ordering::Relaxed);
        report::panicked();
    }
    outcome.ok()
}
