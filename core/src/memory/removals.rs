//! What left a shard: told and dropped only after the shard's lock is released.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::callbacks::{drop_guarded, guard};
use super::index::Gone;
use super::node::Node;
use crate::Cause;

/// Told of every entry that leaves.
pub(super) type Listener<K, V> = Arc<dyn Fn(&K, &V, Cause) + Send + Sync>;

struct Removed<K, V> {
    key: K,
    value: V,
    /// `None` if all have been told of it before.
    cause: Option<Cause>,
}

/// Removed entries, the first without allocating.
pub(super) struct Removals<K, V> {
    /// Whether there is a listener.
    told: bool,
    first: Option<Removed<K, V>>,
    rest: Vec<Removed<K, V>>,
    panics: AtomicU64,
}

impl<K, V> Removals<K, V> {
    /// With `told`, a listener is to be told of each.
    pub(super) const fn new(told: bool) -> Self {
        Self { told, first: None, rest: Vec::new(), panics: AtomicU64::new(0) }
    }

    /// Keeps what left, unless nobody is told of it and dropping it does nothing.
    #[inline]
    pub(super) fn push(&mut self, key: K, value: V, cause: Cause) {
        if self.told || std::mem::needs_drop::<(K, V)>() {
            self.keep(Removed { key, value, cause: Some(cause) });
        }
    }

    /// The same for what was unlinked. Of what readers may still see a copy, if there is a listener.
    #[inline]
    pub(super) fn push_gone(&mut self, gone: Gone<'_, K, V>, cause: Cause)
    where
        K: Clone,
        V: Clone,
    {
        match gone {
            Gone::Owned(key, value) => self.push(key, value, cause),
            Gone::Seen(node) if self.told => {
                if let Some((key, value)) = guard(&self.panics, || (node.key.clone(), node.value.clone())) {
                    self.push(key, value, cause);
                }
            }
            Gone::Seen(_) => {}
        }
    }

    /// Whether there is a listener.
    pub(super) const fn are_told(&self) -> bool {
        self.told
    }

    /// Takes an entry of which all have been told, to be dropped.
    pub(super) fn bury(&mut self, node: Node<K, V>) {
        if std::mem::needs_drop::<(K, V)>() {
            self.keep(Removed { key: node.key, value: node.value, cause: None });
        }
    }

    fn keep(&mut self, removed: Removed<K, V>) {
        match self.first {
            None => self.first = Some(removed),
            Some(_) => self.rest.push(removed),
        }
    }

    /// Tells `listener` of each and drops it. Panics of the listener and of destructors are caught and counted: they
    /// are no affair of the caller, who merely needed the room.
    #[inline]
    pub(super) fn deliver(&mut self, listener: Option<&Listener<K, V>>, panics: &AtomicU64) {
        if self.told || self.first.is_some() {
            self.deliver_all(listener, panics);
        }
    }

    #[inline(never)]
    fn deliver_all(&mut self, listener: Option<&Listener<K, V>>, panics: &AtomicU64) {
        if let counted @ 1.. = std::mem::take(self.panics.get_mut()) {
            panics.fetch_add(counted, Ordering::Relaxed);
        }
        for removed in self.first.take().into_iter().chain(self.rest.drain(..)) {
            if let (Some(listener), Some(cause)) = (listener, removed.cause) {
                guard(panics, || listener(&removed.key, &removed.value, cause));
            }
            drop_guarded(removed.key, panics);
            drop_guarded(removed.value, panics);
        }
    }
}
