//! The store.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use larder_core::{
    Entry, Envelope, Error, ErrorKind, Filled, Key, Lease, Lookup, Parcel, Result, Stats, Store, Time,
};

use super::desk::{Desk, Write, micros};
use super::keys::id;
use super::options::SqlStoreOptions;
use super::portions::Item;
use super::statements::PURGED;
use crate::backend::Backend;

/// How long one purge may take before it leaves the rest to the next.
const PURGE_TIME: Duration = Duration::from_secs(1);

/// A table of a database as a store, shared by all who open it: a large tier behind faster ones. Made by
/// `Sqlite::store` or `Postgres::store`.
///
/// Keys are any bytes (`Vec<u8>` unless said otherwise), values are parcels: codecs make them of yours.
///
/// # Statements
///
/// | | statements, each one round trip |
/// |---|---|
/// | `get`, a hit or a miss; `lease` | 1: a search by the primary key |
/// | `fill` | 1: an upsert that demands the row of the lease |
/// | `insert`, `remove` | 2: a search, and an upsert that demands the row that was found; again if another came first |
/// | a batch | as many for each 1,024 keys, or 4 MiB |
/// | `clear` | 1, however many rows there are |
/// | a purge | 1 for each 500 rows; see [`purge_every`](SqlStoreOptions::purge_every) |
///
/// A miss writes nothing: its lease names the version of the row, or that there was none. A removal leaves a row without
/// a value for twice the life of a lease and a minute, so that a lease which is older knows of it. It is not bounded in
/// bytes: give entries a life.
///
/// # When something fails
///
/// | what | gives |
/// |---|---|
/// | no connection or no answer in time, a lock held too long | `Timeout`; whether a write was made is not known |
/// | a connection that breaks, a missing table | `Store`; as above |
/// | no memory, disk or connection left on the server | `Overloaded` |
/// | a value over [`max_value`](SqlStoreOptions::max_value) | `Invalid`, and an insert removes the key's entry |
/// | a name that can't be quoted, or whose table is another's, when it is opened | `Invalid`, `Store` |
/// | a row that is damaged | a miss, counted by [`unreadable`](SqlStore::unreadable); a fill replaces it |
/// | a purge | is tried again later; [`purge`](SqlStore::purge) tells |
/// | [`close`](Store::close) was called | `Closed`; the database stays open |
/// | others write the same keys all the time, and each of 200 tries came too late | `Overloaded` |
///
/// A database that comes back without its last commits brings back what they removed: one restored from a backup, a replica
/// that takes over, or SQLite after a loss of power (`Sqlite::over` a pool with `synchronous = FULL` it
/// doesn't). Then [`clear`](Store::clear) it. Lives end by the database's wall clock, as exactly as that is set.
///
/// A write whose outcome is not known may still be made, but not after a later one, whoever makes that: it demands the
/// row that it has seen.
pub struct SqlStore<K = Vec<u8>> {
    desk: Arc<Desk>,
    settings: Arc<SqlStoreOptions>,
    /// When the next purge is due, in nanoseconds by the store's clock.
    purge_at: Arc<AtomicU64>,
    keys: PhantomData<fn(K) -> K>,
}

macro_rules! stores {
    ($database:ident) => {
        impl crate::$database {
            /// A table as a store: a name, or [`SqlStoreOptions`](crate::SqlStoreOptions). Makes the table if it isn't
            /// there, which takes the right to do so. 2 statements, or 6.
            pub async fn store<K>(
                &self,
                options: impl Into<crate::SqlStoreOptions> + Send,
            ) -> Result<crate::SqlStore<K>> {
                SqlStore::open(Arc::new(self.clone()), options.into()).await
            }
        }
    };
}

#[cfg(feature = "postgres")]
stores!(Postgres);
#[cfg(feature = "sqlite")]
stores!(Sqlite);

impl<K> SqlStore<K> {
    async fn open(backend: Arc<dyn Backend>, settings: SqlStoreOptions) -> Result<Self> {
        let SqlStoreOptions { name, lease, clock, random, .. } = &settings;
        let desk = Desk::open(backend, name, *lease, clock.clone(), random).await?;
        let purge_at = Arc::new(AtomicU64::new(0));
        Ok(Self { desk: Arc::new(desk), settings: Arc::new(settings), purge_at, keys: PhantomData })
    }

    /// What this store object has done so far. What the table holds is not counted.
    pub fn stats(&self) -> Stats {
        self.desk.counts.stats()
    }

    /// How many look-ups found a damaged value. A fill replaces it.
    pub fn unreadable(&self) -> u64 {
        self.desk.counts.unreadable.get()
    }

    /// How many rows this store object has purged.
    pub fn purged(&self) -> u64 {
        self.desk.counts.purged.get()
    }

    /// Deletes what has ended, was removed or cleared, once no lease can be good that knows nothing of it: in batches of
    /// 500 rows, until `limit` has passed or nothing is left. How many rows there were.
    pub async fn purge(&self, limit: Duration) -> Result<u64> {
        purge(&self.desk, limit).await
    }

    /// Begins a purge in a task of its own, if one is due.
    fn purge_if_due(&self) {
        let Some(interval) = self.settings.purge_every else { return };
        let now = self.desk.clock.now();
        let due = self.purge_at.load(Ordering::Relaxed);
        let next = now.after(interval).as_nanos();
        let is_mine = now >= Time::from_nanos(due)
            && self.purge_at.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if is_mine && due > 0 {
            let desk = Arc::clone(&self.desk);
            tokio::spawn(async move { purge(&desk, PURGE_TIME).await });
        }
    }

    fn written(&self, entry: Entry<Parcel>) -> Write {
        const FIFTY_YEARS: Duration = Duration::from_hours(50 * 365 * 24);
        let now = self.desk.clock.now();
        let (parcel, life) = entry.into_parts();
        let life = life.resolve(now, &self.settings.lifetimes, || self.settings.random.next());
        let usable = life.usable_until().time().map(|end| end.since(now));
        let usable = usable.filter(|usable| *usable < FIFTY_YEARS);
        Write { micros: usable.map_or(-1, micros), envelope: Envelope::write(&parcel, life, now), life }
    }

    fn check(&self, write: &Write) -> Result<()> {
        if write.envelope.len() <= self.settings.max_value {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Invalid, "writing to a store").because("the value is longer than may be"))
    }
}

async fn purge(desk: &Desk, limit: Duration) -> Result<u64> {
    let began = Instant::now();
    let mut all = 0;
    loop {
        let purged = desk.purge().await?;
        all += purged as u64;
        if purged < PURGED || began.elapsed() >= limit {
            return Ok(all);
        }
    }
}

fn ids<K: AsRef<[u8]>>(keys: &[K]) -> Vec<Vec<u8>> {
    keys.iter().map(|key| id(key.as_ref())).collect()
}

/// The only one of what was asked for one key.
fn only<T>(answers: Vec<T>) -> Result<T> {
    let missing = || Error::new(ErrorKind::Store, "asking a store").because("an answer is missing");
    answers.into_iter().next().ok_or_else(missing)
}

#[deny(clippy::missing_trait_methods)]
impl<K: Key + AsRef<[u8]>> Store for SqlStore<K> {
    type Key = K;
    type Value = Parcel;

    async fn get(&self, key: &K) -> Result<Lookup<Parcel>> {
        only(self.desk.look_up(vec![id(key.as_ref())]).await?)
    }

    /// Always "ask [`get`](Self::get)": the answer is elsewhere.
    fn get_now(&self, _key: &K) -> Option<Lookup<Parcel>> {
        None
    }

    async fn lease(&self, key: &K) -> Result<Lease> {
        only(self.desk.lease(vec![id(key.as_ref())]).await?)
    }

    async fn fill(&self, key: K, entry: Entry<Parcel>, lease: Lease) -> Result<Filled> {
        only(self.fill_many(vec![(key, entry, lease)]).await?)
    }

    async fn insert(&self, key: K, entry: Entry<Parcel>) -> Result<()> {
        self.insert_many(vec![(key, entry)]).await
    }

    async fn remove(&self, key: &K) -> Result<bool> {
        Ok(self.remove_many(std::slice::from_ref(key)).await? > 0)
    }

    /// Ends the epoch: nothing of it is seen again. Its rows leave with the purges that follow.
    async fn clear(&self) -> Result<()> {
        self.desk.clear().await
    }

    async fn get_many(&self, keys: &[K]) -> Result<Vec<Lookup<Parcel>>> {
        self.desk.look_up(ids(keys)).await
    }

    async fn fill_many(&self, entries: Vec<(K, Entry<Parcel>, Lease)>) -> Result<Vec<Filled>> {
        let mut fills = Vec::with_capacity(entries.len());
        for (key, entry, lease) in entries {
            let write = self.written(entry);
            self.check(&write)?;
            fills.push(Item { id: id(key.as_ref()), size: write.envelope.len(), what: (write, lease) });
        }
        self.purge_if_due();
        self.desk.fill(fills).await
    }

    async fn insert_many(&self, entries: Vec<(K, Entry<Parcel>)>) -> Result<()> {
        let mut writes = Vec::with_capacity(entries.len());
        for (key, entry) in entries {
            let write = self.written(entry);
            if let Err(error) = self.check(&write) {
                self.remove(&key).await?;
                return Err(error);
            }
            writes.push(Item { id: id(key.as_ref()), size: write.envelope.len(), what: write });
        }
        self.purge_if_due();
        self.desk.insert(writes).await
    }

    async fn remove_many(&self, keys: &[K]) -> Result<usize> {
        self.purge_if_due();
        self.desk.remove(ids(keys)).await
    }

    async fn flush(&self) -> Result<()> {
        Ok(())
    }

    /// What is asked afterwards is a `Closed` error. The database stays open: it may have other uses.
    async fn close(&self) -> Result<()> {
        self.desk.close();
        Ok(())
    }
}

impl<K> Clone for SqlStore<K> {
    fn clone(&self) -> Self {
        Self {
            desk: Arc::clone(&self.desk),
            settings: Arc::clone(&self.settings),
            purge_at: Arc::clone(&self.purge_at),
            keys: PhantomData,
        }
    }
}

impl<K> fmt::Debug for SqlStore<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStore").field("name", &self.settings.name).finish_non_exhaustive()
    }
}
