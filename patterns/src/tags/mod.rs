//! Tags: one step drops every entry that carries one, however many there are.

mod clock;
mod codec;
mod markers;
mod stamp;
mod store;
mod tag;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use larder_core::{Entry, Filled, Lease, Result, Store, Value};

pub use clock::Tags;
pub use codec::Stamping;
pub use stamp::{Stamp, Stamped};
pub use tag::Tag;

/// A store whose entries carry tags. Made by [`PatternExt::tagged`](crate::PatternExt::tagged).
///
/// Invalidation by generation, as in "namespaces" for memcached, and in the tag-aware adapters of web frameworks: nobody
/// keeps lists of keys; a tag has a version, an entry carries the versions it was loaded under, and one that is behind is a
/// miss. Here the version is read when the lease is taken, before the load, and travels in the lease: a tag that is
/// invalidated during a load voids the fill.
///
/// The tags come from a function of key and value, from [`insert_tagged`](Self::insert_tagged), or both. The wrapped
/// store keeps [`Stamped`] values; whatever copies them copies the stamp.
///
/// # What it costs
///
/// A hit reads the clock; if anything was invalidated since the entry was loaded, mostly one word for each of its tags, too.
/// It allocates nothing and locks nothing. An entry is larger by 32 bytes, up to three tags; more are allocated once,
/// when it is stored. An entry that was invalidated keeps its place until it is asked for, evicted or expired.
///
/// # Order of composition
///
/// Outside of what keeps and copies entries, inside of what loads:
/// `far.fronted_by(near).tagged(tags).read_through(db)`.
///
/// - `far.tagged(tags).fronted_by(near)` is wrong: near copies carry no tags, and outlive them.
/// - `near.read_through(db).tagged(tags)` does not compile unless `db` makes stamped values: there would be no version from
///   before the load.
///
/// A reader who comes after an invalidation doesn't get what a load brings that began before it: he waits for that, and is
/// answered by the next. One case is left: if the key is also written through the tower while that load goes on, he who came
/// between the two gets what was there before both. The store keeps it in no case.
///
/// # When something fails
///
/// - Errors of the wrapped store are passed on.
/// - A function that panics does so in the caller, and nothing is changed.
/// - An entry that was stamped by other [`Tags`] is a miss: after a restart, nobody knows what was invalidated before.
///   So a far store that outlives the process, or that several share, is filled anew by each. [`Tags::merge`] tells the
///   near ones of each other.
pub struct Tagged<S, F> {
    inner: S,
    name: F,
    tags: Tags,
    outdated: AtomicU64,
}

impl<S, V, F, I> Tagged<S, F>
where
    S: Store<Value = Stamped<V>>,
    V: Value,
    F: Fn(&S::Key, &V) -> I + Send + Sync + 'static,
    I: IntoIterator<Item: Into<Tag>>,
{
    /// `inner`, whose entries carry what `name` says, and are invalidated by `tags`.
    pub const fn new(inner: S, tags: Tags, name: F) -> Self {
        Self { inner, name, tags, outdated: AtomicU64::new(0) }
    }

    /// The wrapped store.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// What invalidates the entries: to be kept where the store itself goes into a tower.
    pub const fn tags(&self) -> &Tags {
        &self.tags
    }

    /// Drops every entry with this tag: see [`Tags::invalidate`].
    pub fn invalidate_tag(&self, tag: impl Into<Tag>) {
        self.tags.invalidate(tag);
    }

    /// How many entries were found that a tag had invalidated, and were read as misses.
    pub fn outdated(&self) -> u64 {
        self.outdated.load(Ordering::Relaxed)
    }

    /// The application's own write of an entry that carries `tags` beside those that the function gives.
    pub async fn insert_tagged(&self, key: S::Key, entry: Entry<V>, tags: &[Tag]) -> Result<()> {
        let stamped = self.written(&key, entry, tags);
        self.inner.insert(key, stamped).await
    }

    /// Fills in an entry that carries `tags` beside those that the function gives.
    pub async fn fill_tagged(
        &self,
        key: S::Key,
        entry: Entry<V>,
        lease: Lease,
        tags: &[Tag],
    ) -> Result<Filled> {
        let Some((stamped, lease)) = self.loaded(&key, entry, lease, tags) else { return Ok(Filled::Void) };
        let stamp = stamped.value().stamp().clone();
        let filled = self.inner.fill(key, stamped, lease).await?;
        Ok(self.still(filled, &stamp))
    }

    /// An entry that is written now.
    fn written(&self, key: &S::Key, entry: Entry<V>, more: &[Tag]) -> Entry<Stamped<V>> {
        let stamp = self.tags.stamp_now(self.names(key, &entry, more));
        entry.map(|value| Stamped::new(value, stamp))
    }

    /// An entry that was loaded under `lease`, and the wrapped store's own lease; `None` if the lease is void.
    fn loaded(
        &self,
        key: &S::Key,
        entry: Entry<V>,
        lease: Lease,
        more: &[Tag],
    ) -> Option<(Entry<Stamped<V>>, Lease)> {
        let (version, lease) = self.tags.undated(lease)?;
        let stamp = Stamp::new(version, self.names(key, &entry, more));
        self.tags.vouch_for(&stamp).then(|| (entry.map(|value| Stamped::new(value, stamp)), lease))
    }

    /// What is to be said of a fill: that of an entry which was invalidated while the wrapped store took it is void.
    fn still(&self, filled: Filled, stamp: &Stamp) -> Filled {
        if self.tags.vouch_for(stamp) { filled } else { Filled::Void }
    }

    fn names(&self, key: &S::Key, entry: &Entry<V>, more: &[Tag]) -> impl Iterator<Item = Tag> {
        (self.name)(key, entry.value()).into_iter().map(Into::into).chain(more.iter().copied())
    }

    /// Whether no tag of the entry was invalidated since its stamp was made.
    fn vouches_for(&self, entry: &Entry<Stamped<V>>) -> bool {
        self.tags.vouch_for(entry.value().stamp())
    }
}

impl<S: fmt::Debug, F> fmt::Debug for Tagged<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tagged").field("inner", &self.inner).field("tags", &self.tags).finish_non_exhaustive()
    }
}
