//! Read-through: the cache asks the origin itself, once for all who wait.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use larder_core::{BoxFuture, Entry, Env, Error, ErrorKind, Filled, Lease, Loader, Lookup, Result, Store};

use crate::flight::reentrance::Node;
use crate::flight::{Detaching, Flight, Flights, Lead, Seat, Seen, fly_many};
use crate::loads::{LoadStats, Loads};

/// A store that loads what it misses. Made by [`PatternExt::read_through`](crate::PatternExt::read_through).
///
/// Read-through is described in Oracle Coherence's documentation ("Read-Through Caching"); the merging of loads is the
/// `singleflight` of groupcache (2013). All who want one missing key share one load, which runs in its own task: it goes
/// on to its end even if all of them leave. A batch loads its missing keys in one call, except those being loaded
/// already. What a load fills, it fills under the lease of the miss.
///
/// A look-up that the origin answers with "there is no such thing" is a miss. A value just loaded comes with the life
/// that the loader gave it; the store's own default is in it from the next look-up on.
///
/// # When something fails
///
/// - The loader fails or panics, or its [deadline](Self::deadline) passes: all who wait at that moment get the error, nothing
///   is cached, and the next look-up loads anew. A loader that never returns blocks its own key only.
/// - A load asks for a key that waits for it, directly or through other loads: [`ErrorKind::Reentrant`]. (Seen as long as
///   it asks in its own task; a task it starts is a stranger.)
/// - The store fails to look up: the error is passed on. It fails to take a loaded value: the callers get the value, nothing is
///   cached, and [`LoadStats::unkept`] counts it.
/// - A batch answered with the wrong number of values: [`ErrorKind::Load`], nothing is cached.
/// - A write comes while its key is loaded: present waiters get what was loaded, the store keeps what was written, and
///   who comes after the write starts a new load if he misses.
/// - The runtime that runs a load shuts down: those who wait get [`ErrorKind::Cancelled`].
pub struct ReadThrough<S: Store, L> {
    parts: Arc<Parts<S, L>>,
    flights: Flights<S::Key, Found<S>>,
    env: Env,
    deadline: Option<Duration>,
}

/// What the tasks need.
struct Parts<S, L> {
    inner: S,
    loader: L,
    loads: Loads,
}

type Found<S> = Option<Entry<<S as Store>::Value>>;

impl<S: Store, L: Loader<S::Key, S::Value>> ReadThrough<S, L> {
    /// `inner` with `loader` behind it, whose loads run in `env`.
    pub fn new(inner: S, loader: L, env: &Env) -> Self {
        let parts = Parts { inner, loader, loads: Loads::default() };
        Self { parts: Arc::new(parts), flights: Flights::new(), env: env.clone(), deadline: None }
    }

    /// How long a load may take; then it is dropped. Without: as long as it likes.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The wrapped store.
    pub fn inner(&self) -> &S {
        &self.parts.inner
    }

    /// The loads so far.
    pub fn stats(&self) -> LoadStats {
        self.parts.loads.stats()
    }

    /// How many keys are being loaded right now and were not written since.
    pub fn in_flight(&self) -> usize {
        self.flights.keys().len()
    }

    async fn load(&self, key: &S::Key, lease: Lease, seen: Seen) -> Result<Lookup<S::Value>> {
        let (flight, own) = match self.flights.board(key, seen, Node::new()) {
            Seat::Join(flight) => (flight, Some(lease)),
            Seat::Lead(lead) => (self.lead(key, lease, lead)?, None),
        };
        self.await_flight(key, &flight, own).await
    }

    fn lead(
        &self,
        key: &S::Key,
        lease: Lease,
        lead: Lead<S::Key, Found<S>>,
    ) -> Result<Arc<Flight<Found<S>>>> {
        let wanted = Wanted { key: key.clone(), lease, flight: Arc::clone(lead.flight()) };
        let parts = Arc::clone(&self.parts);
        let clock = self.env.clone();
        lead.fly(&self.env, self.deadline, Box::pin(async move { parts.fetch(&clock, wanted).await }))
    }

    async fn await_flight(
        &self,
        key: &S::Key,
        flight: &Flight<Found<S>>,
        own: Option<Lease>,
    ) -> Result<Lookup<S::Value>> {
        match flight.wait().await? {
            Some(entry) => Ok(Lookup::Hit(entry)),
            None => match own.or_else(|| flight.take_lease()) {
                Some(lease) => Ok(Lookup::Miss(lease)),
                None => self.parts.inner.lease(key).await.map(Lookup::Miss),
            },
        }
    }

    /// Puts what the origin has in the place of each miss.
    async fn load_many(
        &self,
        keys: &[S::Key],
        found: Vec<Lookup<S::Value>>,
        seen: Seen,
    ) -> Result<Vec<Lookup<S::Value>>> {
        let (mut places, mut wanted, mut leads) = (Vec::with_capacity(keys.len()), Vec::new(), Vec::new());
        let node = Node::new();
        for (key, lookup) in keys.iter().zip(found) {
            let lease = match lookup {
                Lookup::Hit(entry) => {
                    places.push(Ok(entry));
                    continue;
                }
                Lookup::Miss(lease) => lease,
            };
            places.push(Err(match self.flights.board(key, seen, node) {
                Seat::Join(flight) => (key, flight, Some(lease)),
                Seat::Lead(lead) => {
                    let flight = Arc::clone(lead.flight());
                    wanted.push(Wanted { key: key.clone(), lease, flight: Arc::clone(&flight) });
                    leads.push(lead);
                    (key, flight, None)
                }
            }));
        }
        let (parts, env) = (Arc::clone(&self.parts), self.env.clone());
        let load: BoxFuture<'static, _> = Box::pin(async move { parts.fetch_many(&env, wanted).await });
        fly_many(leads, &self.env, self.deadline, load)?;
        let mut answers = Vec::with_capacity(places.len());
        for place in places {
            answers.push(match place {
                Ok(entry) => Lookup::Hit(entry),
                Err((key, flight, own)) => self.await_flight(key, &flight, own).await?,
            });
        }
        Ok(answers)
    }

    fn detaching_each(&self, entries: &[(S::Key, Entry<S::Value>)]) -> Detaching<'_> {
        self.flights.detaching_many(entries.iter().map(|(key, _)| key))
    }
}

/// A key to load.
struct Wanted<S: Store> {
    key: S::Key,
    lease: Lease,
    flight: Arc<Flight<Found<S>>>,
}

impl<S: Store, L: Loader<S::Key, S::Value>> Parts<S, L> {
    /// Looks up again if need be, loads, fills.
    async fn fetch(&self, env: &Env, mut wanted: Wanted<S>) -> Result<Found<S>> {
        if let Some(entry) = self.look_again(&mut wanted).await? {
            return Ok(Some(entry));
        }
        let loaded = self.loads.measured(env.clock(), self.loader.load(&wanted.key)).await?;
        Ok(self.settle(wanted, loaded).await)
    }

    /// The same for many, with one call of the loader for those that are still missing.
    async fn fetch_many(&self, env: &Env, wanted: Vec<Wanted<S>>) -> Result<Vec<Found<S>>> {
        let mut found = Vec::with_capacity(wanted.len());
        let mut missing = Vec::with_capacity(wanted.len());
        for (at, mut wanted) in wanted.into_iter().enumerate() {
            let entry = self.look_again(&mut wanted).await?;
            if entry.is_none() {
                missing.push((at, wanted));
            }
            found.push(entry);
        }
        if missing.is_empty() {
            return Ok(found);
        }
        let keys: Vec<_> = missing.iter().map(|(_, wanted)| wanted.key.clone()).collect();
        let loaded = self.loads.measured(env.clock(), self.load_exactly(&keys)).await?;
        let mut fills = Vec::with_capacity(missing.len());
        for ((at, wanted), loaded) in missing.into_iter().zip(loaded) {
            match &loaded {
                Some(entry) => fills.push((wanted.key, entry.clone(), wanted.lease)),
                None => wanted.flight.leave_lease(wanted.lease),
            }
            found[at] = loaded;
        }
        if self.inner.fill_many(fills).await.is_err() {
            self.loads.unkept();
        }
        Ok(found)
    }

    async fn load_exactly(&self, keys: &[S::Key]) -> Result<Vec<Found<S>>> {
        let loaded = self.loader.load_many(keys).await?;
        if loaded.len() == keys.len() {
            return Ok(loaded);
        }
        let doing = format!("loading {} keys, for which there are {} answers", keys.len(), loaded.len());
        Err(Error::new(ErrorKind::Load, doing))
    }

    /// A load that ended after the look-up may have filled the store: its value, or else the newer lease.
    async fn look_again(&self, wanted: &mut Wanted<S>) -> Result<Found<S>> {
        if !wanted.flight.looks_again() {
            return Ok(None);
        }
        match self.inner.get(&wanted.key).await? {
            Lookup::Hit(entry) => Ok(Some(entry)),
            Lookup::Miss(lease) => {
                wanted.lease = lease;
                Ok(None)
            }
        }
    }

    async fn settle(&self, wanted: Wanted<S>, loaded: Found<S>) -> Found<S> {
        match &loaded {
            None => wanted.flight.leave_lease(wanted.lease),
            Some(entry) => {
                if self.inner.fill(wanted.key, entry.clone(), wanted.lease).await.is_err() {
                    self.loads.unkept();
                }
            }
        }
        loaded
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Store, L: Loader<S::Key, S::Value>> Store for ReadThrough<S, L> {
    type Key = S::Key;
    type Value = S::Value;

    async fn get(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        let seen = self.flights.seen();
        match self.parts.inner.get(key).await? {
            Lookup::Hit(entry) => Ok(Lookup::Hit(entry)),
            Lookup::Miss(lease) => Box::pin(self.load(key, lease, seen)).await,
        }
    }

    /// Answers with a hit only: a miss has to be loaded.
    fn get_now(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        self.parts.inner.get_now(key).filter(Lookup::is_hit)
    }

    async fn lease(&self, key: &S::Key) -> Result<Lease> {
        self.parts.inner.lease(key).await
    }

    async fn fill(&self, key: S::Key, entry: Entry<S::Value>, lease: Lease) -> Result<Filled> {
        self.parts.inner.fill(key, entry, lease).await
    }

    async fn insert(&self, key: S::Key, entry: Entry<S::Value>) -> Result<()> {
        let _detaching = self.flights.detaching(&key);
        self.parts.inner.insert(key, entry).await
    }

    async fn remove(&self, key: &S::Key) -> Result<bool> {
        let _detaching = self.flights.detaching(key);
        self.parts.inner.remove(key).await
    }

    async fn clear(&self) -> Result<()> {
        let _detaching = self.flights.detaching_all();
        self.parts.inner.clear().await
    }

    async fn get_many(&self, keys: &[S::Key]) -> Result<Vec<Lookup<S::Value>>> {
        let seen = self.flights.seen();
        let found = self.parts.inner.get_many(keys).await?;
        if found.iter().all(Lookup::is_hit) {
            return Ok(found);
        }
        Box::pin(self.load_many(keys, found, seen)).await
    }

    async fn fill_many(&self, entries: Vec<(S::Key, Entry<S::Value>, Lease)>) -> Result<Vec<Filled>> {
        self.parts.inner.fill_many(entries).await
    }

    async fn insert_many(&self, entries: Vec<(S::Key, Entry<S::Value>)>) -> Result<()> {
        let _detaching = self.detaching_each(&entries);
        self.parts.inner.insert_many(entries).await
    }

    async fn remove_many(&self, keys: &[S::Key]) -> Result<usize> {
        let _detaching = self.flights.detaching_many(keys.iter());
        self.parts.inner.remove_many(keys).await
    }

    async fn flush(&self) -> Result<()> {
        self.parts.inner.flush().await
    }

    async fn close(&self) -> Result<()> {
        self.parts.inner.close().await
    }
}

impl<S: Store + fmt::Debug, L> fmt::Debug for ReadThrough<S, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadThrough")
            .field("inner", &self.parts.inner)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
