//! Loading what is missing, once for all who ask.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::Arc;

use larder_core::{BoxFuture, Entry, Error, ErrorKind, Key, Lease, Lookup, Result, Store, Value};

use super::handle::{Cache, Shared};
use crate::flight::reentrance::Node;
use crate::flight::{Flight, Lead, Seat, Seen};

type Load<V> = BoxFuture<'static, Result<Entry<V>>>;

impl<K: Key, V: Value> Cache<K, V> {
    /// The value of `key`; what `load` gives, if there is none. Of all who ask for a missing key at once, one loads.
    ///
    /// The load runs in its own task: it goes on to its end even if all who wait for it leave. A hit allocates nothing.
    pub async fn get_or_load<Q, F, Fut>(&self, key: &Q, load: F) -> Result<V>
    where
        K: Borrow<Q>,
        Q: ToOwned<Owned = K> + Hash + Eq + Sync + ?Sized,
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<V>> + Send + 'static,
    {
        self.open()?;
        let seen = self.0.flights.seen();
        if let Some(value) = self.0.memory.get(key) {
            return Ok(value);
        }
        let load = Box::pin(async move { load().await.map(Entry::new) });
        Box::pin(self.join_or_load(key.to_owned(), seen, load)).await
    }

    /// The same with a `load` that says how long its value lives.
    pub async fn get_or_load_with<Q, F, Fut>(&self, key: &Q, load: F) -> Result<V>
    where
        K: Borrow<Q>,
        Q: ToOwned<Owned = K> + Hash + Eq + Sync + ?Sized,
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<Entry<V>>> + Send + 'static,
    {
        self.open()?;
        let seen = self.0.flights.seen();
        if let Some(value) = self.0.memory.get(key) {
            return Ok(value);
        }
        let load = Box::pin(async move { load().await });
        Box::pin(self.join_or_load(key.to_owned(), seen, load)).await
    }

    /// Loads `key` anew, whether or not it has a value, and replaces that. Until then, and if the load fails, the old one
    /// stays.
    ///
    /// Never joins a load that began before the call: it waits for that to end, and all who ask for a refresh meanwhile
    /// share the next one. So refreshes that come faster than loads end are all answered, by as few loads as can be.
    pub async fn refresh<Q, F, Fut>(&self, key: &Q, load: F) -> Result<V>
    where
        K: Borrow<Q>,
        Q: ToOwned<Owned = K> + Hash + Eq + Sync + ?Sized,
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<V>> + Send + 'static,
    {
        self.open()?;
        let load = Box::pin(async move { load().await.map(Entry::new) });
        Box::pin(self.reload(key.to_owned(), load)).await
    }

    fn open(&self) -> Result<()> {
        if self.is_running() { Ok(()) } else { Err(Error::new(ErrorKind::Closed, "loading")) }
    }

    /// Looks again, for the lease, which a hit has no use for.
    async fn join_or_load(&self, key: K, seen: Seen, load: Load<V>) -> Result<V> {
        let lease = match self.0.memory.get_now(&key) {
            Some(Lookup::Hit(entry)) => return Ok(entry.into_value()),
            Some(Lookup::Miss(lease)) => lease,
            None => self.0.memory.lease_now(&key),
        };
        match self.0.flights.board(&key, seen, Node::new()) {
            Seat::Join(flight) => flight.wait().await,
            Seat::Lead(leader) => self.fly(leader, key, lease, load)?.wait().await,
        }
    }

    async fn reload(&self, key: K, load: Load<V>) -> Result<V> {
        if let Some(earlier) = self.0.flights.find(&key) {
            earlier.landed().await?;
        }
        loop {
            self.open()?;
            match self.0.flights.board(&key, Seen::NOTHING, Node::new()) {
                Seat::Lead(leader) => {
                    let lease = self.0.memory.lease_now(&key);
                    return self.fly(leader, key, lease, load)?.wait().await;
                }
                Seat::Join(flight) if flight.looks_again() => flight.landed().await?,
                Seat::Join(flight) => return flight.wait().await,
            }
        }
    }

    fn fly(&self, leader: Lead<K, V>, key: K, lease: Lease, load: Load<V>) -> Result<Arc<Flight<V>>> {
        let (shared, flight) = (Arc::clone(&self.0), Arc::clone(leader.flight()));
        let load = Box::pin(async move { shared.fetch(key, lease, &flight, load).await });
        leader.fly(&self.0.env, self.0.load_deadline, load)
    }
}

impl<K: Key, V: Value> Shared<K, V> {
    async fn fetch(&self, key: K, mut lease: Lease, flight: &Flight<V>, load: Load<V>) -> Result<V> {
        if flight.looks_again() {
            lease = match self.memory.lookup(&key) {
                Lookup::Hit(entry) => return Ok(entry.into_value()),
                Lookup::Miss(newer) => newer,
            };
        }
        let entry = self.loads.measured(self.env.clock(), load).await?;
        let value = entry.value().clone();
        if self.is_running() {
            // Void: a write came meanwhile, and stays.
            let _ = self.memory.fill_now(key, entry, lease);
        }
        Ok(value)
    }
}
