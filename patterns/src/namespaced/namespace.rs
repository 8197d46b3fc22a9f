//! The name under which entries are kept, and which of its generations is the present one.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use larder_core::Lease;

/// The last epoch that is taken from elsewhere, so that there is always a next one.
const LAST: u64 = u64::MAX / 2;

/// A part of a store with a name, a version and an epoch. The clones are one.
///
/// The version is the deploy's: one that changes what values mean takes the next, and sees nothing of what others
/// wrote, nor they of what it writes. The epoch is moved on by [`clear`](Self::clear), at once for all clones; another namespace of
/// the same name and version, made apart, stays where it is.
#[derive(Clone)]
pub struct Namespace(Arc<Inner>);

struct Inner {
    id: u64,
    /// The name with its length and the version: what no other pair of the two begins with.
    head: Arc<str>,
    epoch: AtomicU64,
}

impl Namespace {
    /// The namespace of this name, in this version, in its first epoch.
    pub fn new(name: impl AsRef<str>, version: u64) -> Self {
        Self::in_epoch(name, version, 0)
    }

    /// The same in a later epoch: the last one before a restart, over a store that outlives the process.
    pub fn in_epoch(name: impl AsRef<str>, version: u64, epoch: u64) -> Self {
        static NAMESPACES: AtomicU64 = AtomicU64::new(0);
        let name = name.as_ref();
        Self(Arc::new(Inner {
            id: RandomState::new().hash_one(NAMESPACES.fetch_add(1, Ordering::Relaxed)),
            head: format!("{}:{name}:{version}:", name.len()).into(),
            epoch: AtomicU64::new(epoch.min(LAST)),
        }))
    }

    /// The present epoch.
    pub fn epoch(&self) -> u64 {
        self.0.epoch.load(Ordering::Acquire)
    }

    /// Drops every entry of the namespace, in one step: begins the next epoch. Loads under way will not fill.
    pub fn clear(&self) {
        self.0.epoch.fetch_add(1, Ordering::AcqRel);
    }

    /// Hears of an epoch that was begun elsewhere, or before a restart. An older one changes nothing, nor does one that no
    /// counting could have reached. Whether it was news.
    pub fn merge_epoch(&self, epoch: u64) -> bool {
        epoch <= LAST && self.0.epoch.fetch_max(epoch, Ordering::AcqRel) < epoch
    }

    /// Name and version, then the epoch: what the keys of this epoch begin with.
    pub(super) fn prefix(&self, epoch: u64) -> Prefix<'_> {
        Prefix { head: &self.0.head, epoch }
    }

    /// The lease `inner` of this namespace and epoch.
    pub(super) fn dated(&self, epoch: u64, inner: Lease) -> Lease {
        Lease::new([self.0.id, epoch]).and(inner)
    }

    /// The epoch and the lease again; `None` if it is of another namespace or epoch.
    pub(super) fn undated(&self, lease: Lease) -> Option<(u64, Lease)> {
        let (head, inner) = lease.split();
        let [id, epoch] = head.stamp();
        (id == self.0.id && epoch == self.epoch()).then_some((epoch, inner?))
    }
}

impl fmt::Debug for Namespace {
    /// Shows the epoch only: names may hold what doesn't belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Namespace").field("epoch", &self.epoch()).finish_non_exhaustive()
    }
}

/// What all keys of one namespace, version and epoch begin with.
#[derive(Clone, Copy)]
pub struct Prefix<'a> {
    pub(super) head: &'a Arc<str>,
    pub(super) epoch: u64,
}

impl fmt::Debug for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prefix").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

impl fmt::Display for Prefix<'_> {
    /// `5:users:3:0:` for the name `users`, the version 3, the epoch 0. No prefix is the beginning of another.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}:", self.head, self.epoch)
    }
}
