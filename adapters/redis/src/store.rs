//! The store.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use larder_core::{
    Entry, Envelope, Error, ErrorKind, Filled, Key, Lease, Life, Lifetimes, Lookup, Parcel, Random, Result,
    Stats, Store,
};

use crate::desk::{Desk, Fill};
use crate::portions::{Portions, done, portions};
use crate::server::{Server, Write};

/// A namespace on a Redis or Valkey server, shared by all who connect to it. Made by
/// [`RedisOptions`](crate::RedisOptions).
///
/// Keys are any bytes (`String` unless said otherwise), values are parcels: codecs make them of yours.
///
/// A hit costs one round trip, and so does a miss while a lease on its key is out; the first miss costs two. A batch costs
/// a round trip for each chunk of it. All operations share one connection, which pipelines them.
///
/// # When something fails
///
/// | what | gives |
/// |---|---|
/// | no answer in time | `Timeout`; whether a write was carried out is not known |
/// | a connection that breaks | reads are tried once more on a new one; a write is a `Store` error, its outcome not known |
/// | a server that is full and evicts nothing | `Overloaded` for inserts and fills, and the key's entry is gone; a miss stays a miss |
/// | a value over [`max_value`](crate::RedisOptions::max_value) | `Invalid`, and an insert removes the key's entry |
/// | something else under one of our names, a damaged value | a miss, counted by [`unreadable`](Redis::unreadable); a fill replaces it |
/// | a server that sends more than was asked for | `Store`; no memory is taken for what it claims |
/// | the wrong password, an address that can't be used | `Invalid` |
///
/// A write whose outcome is not known can't come later than one that follows it: before a new connection is used, the
/// server closes the old one. That, and telling one run of the server from the next, takes the commands `CLIENT KILL`
/// and `INFO`; to a user who may not call them both are lost.
pub struct Redis<K = String> {
    desk: Arc<Desk>,
    settings: Settings,
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

impl<K> Redis<K> {
    pub(crate) fn new(server: Server, settings: Settings) -> Self {
        Self { desk: Arc::new(Desk::new(server)), settings, keys: PhantomData }
    }

    /// What this client has done so far. What the server holds is not counted.
    pub fn stats(&self) -> Stats {
        self.desk.stats()
    }

    /// How many look-ups found what is no value of ours, or a damaged one. A fill replaces it.
    pub fn unreadable(&self) -> u64 {
        self.desk.unreadable()
    }

    /// What goes to the server, and the life that the entry has from now on.
    fn written(&self, key: &K, entry: Entry<Parcel>) -> (Write, Life)
    where
        K: AsRef<[u8]>,
    {
        let now = self.desk.server.clock.now();
        let (parcel, life) = entry.into_parts();
        let life = life.resolve(now, &self.settings.lifetimes, || self.settings.random.next());
        let ttl = life.usable_until().time().map(|end| end.since(now));
        (Write { key: key.as_ref().to_vec(), ttl, envelope: Envelope::write(&parcel, life, now) }, life)
    }

    fn check(&self, write: &Write) -> Result<()> {
        if write.envelope.len() <= self.settings.max_value {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Invalid, "writing to Redis").because("the value is longer than may be"))
    }

    /// Cuts a batch of which each item has a key and, besides, so many bytes.
    fn cut<T>(&self, batch: Vec<T>, sized: impl Fn(&T) -> (&[u8], usize)) -> Portions<T> {
        let names = &self.desk.server.names;
        let items = batch.into_iter().map(|item| {
            let (key, size) = sized(&item);
            (names.lane(key), size + key.len(), item)
        });
        portions(items, self.settings.chunk)
    }

    fn cut_keys(&self, keys: &[K]) -> Portions<Vec<u8>>
    where
        K: AsRef<[u8]>,
    {
        self.cut(keys.iter().map(|key| key.as_ref().to_vec()).collect(), |key: &Vec<u8>| (key, 0))
    }

    /// Does `work` for each chunk, with a desk to do it at.
    async fn each<T, R, F>(
        &self,
        batch: Portions<T>,
        work: impl Fn(Arc<Desk>, usize, Vec<T>) -> F + Clone + Send + 'static,
    ) -> Result<Vec<R>>
    where
        T: Send + 'static,
        R: Send + 'static,
        F: Future<Output = Result<Vec<R>>> + Send + 'static,
    {
        let desk = Arc::clone(&self.desk);
        done(batch, move |lane, chunk| work(Arc::clone(&desk), lane, chunk)).await
    }
}

/// The only one of what was asked for one key.
fn only<T>(answers: Vec<T>) -> Result<T> {
    let missing = || Error::new(ErrorKind::Store, "asking Redis").because("an answer is missing");
    answers.into_iter().next().ok_or_else(missing)
}

#[deny(clippy::missing_trait_methods)]
impl<K: Key + AsRef<[u8]>> Store for Redis<K> {
    type Key = K;
    type Value = Parcel;

    async fn get(&self, key: &K) -> Result<Lookup<Parcel>> {
        let key = key.as_ref();
        let lane = self.desk.server.names.lane(key);
        only(self.desk.look_up(lane, &[key]).await?)
    }

    /// Always "ask [`get`](Self::get)": the answer is elsewhere.
    fn get_now(&self, _key: &K) -> Option<Lookup<Parcel>> {
        None
    }

    async fn lease(&self, key: &K) -> Result<Lease> {
        let key = key.as_ref();
        let lane = self.desk.server.names.lane(key);
        only(self.desk.lease(lane, &[key]).await?)
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
    /// when its keys are written.
    async fn clear(&self) -> Result<()> {
        let lanes = portions((0..self.desk.server.names.lanes()).map(|lane| (lane, 0, ())), 1);
        let work = async |desk: Arc<Desk>, lane, _: Vec<()>| desk.server.clear(lane).await.map(|()| vec![()]);
        self.each(lanes, work).await.map(drop)
    }

    async fn get_many(&self, keys: &[K]) -> Result<Vec<Lookup<Parcel>>> {
        if self.desk.server.names.lanes() == 1 {
            let mut answers = Vec::with_capacity(keys.len());
            for chunk in keys.chunks(self.settings.chunk) {
                answers.append(&mut self.desk.look_up(0, chunk).await?);
            }
            return Ok(answers);
        }
        let work = |desk: Arc<Desk>, lane, keys: Vec<Vec<u8>>| async move { desk.look_up(lane, &keys).await };
        self.each(self.cut_keys(keys), work).await
    }

    async fn fill_many(&self, entries: Vec<(K, Entry<Parcel>, Lease)>) -> Result<Vec<Filled>> {
        let mut fills = Vec::with_capacity(entries.len());
        for (key, entry, lease) in entries {
            let (write, life) = self.written(&key, entry);
            self.check(&write)?;
            fills.push(Fill { write, life, stamp: lease.stamp() });
        }
        let fills = self.cut(fills, |fill| fill.write.sized());
        self.each(fills, |desk: Arc<Desk>, lane, fills| async move { desk.fill(lane, fills).await }).await
    }

    async fn insert_many(&self, entries: Vec<(K, Entry<Parcel>)>) -> Result<()> {
        let mut writes = Vec::with_capacity(entries.len());
        for (key, entry) in entries {
            let (write, _) = self.written(&key, entry);
            if let Err(error) = self.check(&write) {
                self.remove(&key).await?;
                return Err(error);
            }
            writes.push(write);
        }
        let writes = self.cut(writes, Write::sized);
        let work =
            |desk: Arc<Desk>, lane, writes: Vec<Write>| async move { desk.insert(lane, &writes).await };
        self.each(writes, work).await.map(drop)
    }

    async fn remove_many(&self, keys: &[K]) -> Result<usize> {
        let work = |desk: Arc<Desk>, lane, keys: Vec<Vec<u8>>| async move { desk.remove(lane, &keys).await };
        Ok(self.each(self.cut_keys(keys), work).await?.into_iter().filter(|removed| *removed).count())
    }

    async fn flush(&self) -> Result<()> {
        Ok(())
    }

    /// Lets go of the connection; what is asked afterwards is a `Closed` error.
    async fn close(&self) -> Result<()> {
        self.desk.server.link.close();
        Ok(())
    }
}

impl<K> fmt::Debug for Redis<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
