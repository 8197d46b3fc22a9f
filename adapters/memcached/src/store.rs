//! The store.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use larder_core::{
    Entry, Envelope, Error, ErrorKind, Filled, Key, Lease, Life, Lifetimes, Lookup, Parcel, Random, Result,
    Stats, Store,
};

use crate::counts::Counts;
use crate::names::Name;
use crate::server::{Found, Server, Write};

/// How much one batch may carry in values, in bytes; a single larger one goes alone.
const BYTES: usize = 1 << 20;

/// A namespace on a memcached server, shared by all who connect to it. Made by
/// [`MemcachedOptions`](crate::MemcachedOptions).
///
/// Keys are any bytes (`String` unless said otherwise), values are parcels: codecs make them of yours.
///
/// A hit, a removal and a fill cost one round trip (a fill two, after a clear); a write costs two, a miss one while a lease on its key is out and
/// else two. A batch costs as much for each chunk. All operations share one connection, which pipelines them.
///
/// # Lives
///
/// memcached counts whole seconds, and tells nobody its clock. So an entry ends up to two seconds before its time, never
/// after it; **a life of less than two seconds is not worth storing here**. No entry is kept longer than 30 days.
///
/// # When something fails
///
/// | what | gives |
/// |---|---|
/// | no answer in time | `Timeout`; whether a write was carried out is not known |
/// | a connection that breaks | reads are tried once more on a new one; a write is a `Store` error, its outcome not known |
/// | a value over [`max_value`](crate::MemcachedOptions::max_value), or over the server's bound | `Invalid`, and an insert removes the key's entry |
/// | a server that has no room (one that may not evict) | `Overloaded`, and an insert removes the key's entry |
/// | a key that is too long with its namespace | `Invalid`; nothing is sent |
/// | something else under one of our names, a damaged value | a miss, counted by [`unreadable`](Memcached::unreadable); a fill replaces it |
/// | an item that somebody has marked stale | a miss; a fill replaces it |
/// | the epoch of the namespace is evicted, the server restarts | all is missed, as after a clear |
/// | the wrong password, an address that can't be used | `Invalid` |
///
/// A write whose outcome is not known can't come later than one that follows it: each is made under the number of what
/// it replaces. On a server without such numbers (its option `-C`) that is lost, and every fill is void.
pub struct Memcached<K = String> {
    server: Server,
    settings: Settings,
    counts: Counts,
    keys: PhantomData<fn(K) -> K>,
}

/// What is decided before anything reaches the server.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) lifetimes: Lifetimes,
    pub(crate) random: Random,
    pub(crate) chunk: usize,
    pub(crate) max_value: usize,
}

impl<K> Memcached<K> {
    pub(crate) fn new(server: Server, settings: Settings, keys: PhantomData<fn(K) -> K>) -> Self {
        Self { server, settings, counts: Counts::default(), keys }
    }

    /// What this client has done so far. What the server holds is not counted.
    pub fn stats(&self) -> Stats {
        self.counts.stats()
    }

    /// How many look-ups found what is no value of ours, or a damaged one. A fill replaces it.
    pub fn unreadable(&self) -> u64 {
        self.counts.unreadable.read()
    }

    /// One answer for each name: what is there, or a lease.
    async fn look_up(&self, names: &[Name]) -> Result<Vec<Lookup<Parcel>>> {
        let found = self.server.read(names).await?;
        let now = self.server.clock.now();
        let mut answers: Vec<_> = found.into_iter().map(|found| self.answer(found, now)).collect();
        let open = answers.iter().zip(names).filter(|(answer, _)| answer.is_none());
        let missing: Vec<_> = open.map(|(_, name)| name.clone()).collect();
        if !missing.is_empty() {
            let leases = self.server.lease(&missing).await?;
            let open = answers.iter_mut().filter(|answer| answer.is_none());
            open.zip(leases).for_each(|(answer, lease)| *answer = Some(Lookup::Miss(lease)));
        }
        let answers: Vec<_> = answers.into_iter().flatten().collect();
        let hits = answers.iter().filter(|answer| answer.is_hit()).count();
        self.counts.hits.add(hits);
        self.counts.misses.add(answers.len() - hits);
        Ok(answers)
    }

    /// The answer that needs no lease of its own.
    fn answer(&self, found: Found, now: larder_core::Time) -> Option<Lookup<Parcel>> {
        match found {
            Found::Value(parcel, life, _) if life.is_usable(now) => {
                Some(Lookup::Hit(Entry::with_life(parcel, life)))
            }
            Found::Unreadable(lease) => {
                self.counts.unreadable.add(1);
                Some(Lookup::Miss(lease))
            }
            Found::Value(_, _, lease) | Found::Lease(lease) => Some(Lookup::Miss(lease)),
            Found::Nothing => None,
        }
    }
}

/// Cuts a batch into chunks of at most `most` items, and of so many bytes together as one may carry.
fn chunks<T>(batch: Vec<T>, most: usize, size: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut chunks: Vec<Vec<T>> = Vec::new();
    let mut room = 0;
    for item in batch {
        let size = size(&item);
        match chunks.last_mut() {
            Some(chunk) if chunk.len() < most && room >= size => chunk.push(item),
            _ => {
                room = BYTES;
                chunks.push(vec![item]);
            }
        }
        room = room.saturating_sub(size);
    }
    chunks
}

/// The only one of what was asked for one key.
fn only<T>(answers: Vec<T>) -> Result<T> {
    let missing = || Error::new(ErrorKind::Store, "asking memcached").because("an answer is missing");
    answers.into_iter().next().ok_or_else(missing)
}

impl<K: AsRef<[u8]>> Memcached<K> {
    /// What goes to the server, and the life that the entry has from now on.
    fn written(&self, key: &K, entry: Entry<Parcel>) -> Result<(Write, Life)> {
        let name = self.server.names.key(key.as_ref())?;
        let now = self.server.clock.now();
        let (parcel, life) = entry.into_parts();
        let life = life.resolve(now, &self.settings.lifetimes, || self.settings.random.next());
        let ttl = life.usable_until().time().map(|end| end.since(now));
        Ok((Write { name, ttl, envelope: Envelope::write(&parcel, life, now) }, life))
    }

    fn check(&self, write: &Write) -> Result<()> {
        if write.envelope.len() <= self.settings.max_value {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Invalid, "writing to memcached").because("the value is longer than may be"))
    }

    fn names(&self, keys: &[K]) -> Result<Vec<Vec<Name>>> {
        let names: Vec<_> =
            keys.iter().map(|key| self.server.names.key(key.as_ref())).collect::<Result<_>>()?;
        Ok(chunks(names, self.settings.chunk, |_| 0))
    }
}

#[deny(clippy::missing_trait_methods)]
impl<K: Key + AsRef<[u8]>> Store for Memcached<K> {
    type Key = K;
    type Value = Parcel;

    async fn get(&self, key: &K) -> Result<Lookup<Parcel>> {
        only(self.get_many(std::slice::from_ref(key)).await?)
    }

    /// Always "ask [`get`](Self::get)": the answer is elsewhere.
    fn get_now(&self, _key: &K) -> Option<Lookup<Parcel>> {
        None
    }

    async fn lease(&self, key: &K) -> Result<Lease> {
        let name = [self.server.names.key(key.as_ref())?];
        only(self.server.link.in_time("reading from memcached", self.server.lease(&name)).await?)
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

    /// Ends the namespace's epoch: nothing of it is seen again. What it holds leaves the server when its life ends, or
    /// when the server needs its room.
    async fn clear(&self) -> Result<()> {
        self.server.link.in_time("clearing a namespace of memcached", self.server.clear()).await
    }

    async fn get_many(&self, keys: &[K]) -> Result<Vec<Lookup<Parcel>>> {
        let mut answers = Vec::with_capacity(keys.len());
        for names in self.names(keys)? {
            let look_up = self.look_up(&names);
            answers.extend(self.server.link.in_time("reading from memcached", look_up).await?);
        }
        Ok(answers)
    }

    async fn fill_many(&self, entries: Vec<(K, Entry<Parcel>, Lease)>) -> Result<Vec<Filled>> {
        let mut fills = Vec::with_capacity(entries.len());
        for (key, entry, lease) in entries {
            let (write, life) = self.written(&key, entry)?;
            self.check(&write)?;
            fills.push((write, life, lease.stamp()));
        }
        let mut answers = Vec::with_capacity(fills.len());
        for chunk in chunks(fills, self.settings.chunk, |(write, ..)| write.envelope.len()) {
            let (lives, stamps): (Vec<_>, Vec<_>) =
                chunk.iter().map(|(_, life, stamp)| (*life, *stamp)).unzip();
            let writes: Vec<_> = chunk.into_iter().map(|(write, ..)| write).collect();
            let fill = self.server.fill(&writes, &stamps);
            let filled = self.server.link.in_time("filling memcached", fill).await?;
            let good = filled.iter().filter(|filled| **filled).count();
            self.counts.inserts.add(good);
            self.counts.void_fills.add(filled.len() - good);
            let told = filled.into_iter().zip(lives);
            answers.extend(told.map(|(good, life)| if good { Filled::Stored(life) } else { Filled::Void }));
        }
        Ok(answers)
    }

    async fn insert_many(&self, entries: Vec<(K, Entry<Parcel>)>) -> Result<()> {
        let mut writes = Vec::with_capacity(entries.len());
        for (key, entry) in entries {
            let (write, _) = self.written(&key, entry)?;
            if let Err(error) = self.check(&write) {
                self.remove(&key).await?;
                return Err(error);
            }
            writes.push(write);
        }
        for chunk in chunks(last_of_each(writes), self.settings.chunk, |write| write.envelope.len()) {
            self.server.link.in_time("writing to memcached", self.server.insert(&chunk)).await?;
            self.counts.inserts.add(chunk.len());
        }
        Ok(())
    }

    async fn remove_many(&self, keys: &[K]) -> Result<usize> {
        let mut count = 0;
        for names in self.names(keys)? {
            let remove = self.server.remove(&names);
            let removed = self.server.link.in_time("removing from memcached", remove).await?;
            count += removed.into_iter().filter(|removed| *removed).count();
        }
        self.counts.removed.add(count);
        Ok(count)
    }

    async fn flush(&self) -> Result<()> {
        Ok(())
    }

    /// Lets go of the connection; what is asked afterwards is a `Closed` error.
    async fn close(&self) -> Result<()> {
        self.server.link.close();
        Ok(())
    }
}

/// Of several writes of one key only the last counts.
fn last_of_each(mut writes: Vec<Write>) -> Vec<Write> {
    if writes.len() > 1 {
        let mut seen = HashSet::new();
        writes.reverse();
        writes.retain(|write| seen.insert(write.name.clone()));
        writes.reverse();
    }
    writes
}

impl<K> fmt::Debug for Memcached<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memcached").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
