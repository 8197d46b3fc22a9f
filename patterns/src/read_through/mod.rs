//! Read-through: the cache asks the origin itself, once for all who wait.

mod batch;
mod origin;
mod store;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use larder_core::{BoxFuture, Env, Lease, Loader, Lookup, Result, Store};

use crate::flight::reentrance::Node;
use crate::flight::{Flight, Flights, Lead, Passenger, Seat, Seen};
use crate::loads::LoadStats;
use crate::source::leave_loaded;
use origin::{Found, Parts, Wanted};

/// A store that loads what it misses. Made by [`PatternExt::read_through`](crate::PatternExt::read_through).
///
/// Read-through is described in Oracle Coherence's documentation ("Read-Through Caching"); the merging of loads is the
/// `singleflight` of groupcache (2013). All who want one missing key share one load, which runs in its own task: it goes
/// on to its end even if all of them leave. A batch loads its missing keys in one call, except those being loaded
/// already. What a load fills, it fills under the lease of the miss.
///
/// A look-up that the origin answers with "there is no such thing" is a miss. A value just loaded comes with the life
/// that the store gave it; one that came too late to be stored, with what the loader said.
///
/// # When something fails
///
/// - The loader fails or panics, or its [deadline](Self::deadline) passes: all who wait at that moment get the error, nothing
///   is cached, and the next look-up loads anew. A loader that never returns blocks its own key only.
/// - A load asks for a key that waits for it, directly or through other loads: [`ErrorKind::Reentrant`](larder_core::ErrorKind::Reentrant). (Seen as long as
///   it asks in its own task; a task it starts is a stranger.)
/// - The store fails to look up: the error is passed on. It fails to take a loaded value: the callers get the value, nothing is
///   cached, and [`LoadStats::unkept`] counts it.
/// - A batch answered with the wrong number of values: [`ErrorKind::Load`](larder_core::ErrorKind::Load), nothing is cached.
/// - A write comes while its key is loaded: present waiters get what was loaded, the store keeps what was written, and
///   who comes after the write starts a new load if he misses. So does who comes after an invalidation that this store could
///   not see, of a tag or a namespace or of the store below: he looks again if what he waited for was not kept.
/// - The runtime that runs a load shuts down: those who wait get [`ErrorKind::Cancelled`](larder_core::ErrorKind::Cancelled).
pub struct ReadThrough<S: Store, L> {
    parts: Arc<Parts<S, L>>,
    flights: Flights<S::Key, Found<S>>,
    env: Env,
    deadline: Option<Duration>,
}

impl<S: Store, L: Loader<S::Key, S::Value>> ReadThrough<S, L> {
    /// `inner` with `loader` behind it, whose loads run in `env`.
    pub fn new(inner: S, loader: L, env: &Env) -> Self {
        let parts = Parts::new(inner, loader);
        Self { parts: Arc::new(parts), flights: Flights::new(env.random()), env: env.clone(), deadline: None }
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

    /// Looks up what could not be answered at once, and loads it if need be. Behind a pointer, so that a hit carries no
    /// more than that.
    #[cold]
    fn get_waiting<'a>(&'a self, key: &'a S::Key) -> BoxFuture<'a, Result<Lookup<S::Value>>> {
        Box::pin(async move {
            let seen = self.flights.seen();
            match self.parts.inner.get(key).await? {
                Lookup::Miss(lease) if !lease.is_void() => self.load(key, lease, seen).await,
                answer => Ok(answer),
            }
        })
    }

    async fn load(&self, key: &S::Key, lease: Lease, seen: Seen) -> Result<Lookup<S::Value>> {
        let (flight, own) = match self.flights.board(key, seen, Node::new()) {
            Seat::Join(flight) => {
                let passenger = Passenger::of(&flight, lease);
                (flight, Some(passenger))
            }
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
        own: Option<Passenger>,
    ) -> Result<Lookup<S::Value>> {
        let found = flight.wait().await?;
        match own {
            Some(own) if flight.may_be_older_than(&own) => self.ask_again(key).await,
            own => self.landed(key, found, flight, own.map(|own| own.lease)).await,
        }
    }

    /// Looks up anew for one who waited for a load that may have begun before an invalidation he came after. A
    /// load that is met now began after he came, so whatever it finds is the answer.
    async fn ask_again(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        let seen = self.flights.seen();
        let lease = match self.parts.inner.get(key).await? {
            Lookup::Hit(entry) => return Ok(Lookup::Hit(entry)),
            Lookup::Miss(lease) if lease.is_void() => return Ok(Lookup::Miss(lease)),
            Lookup::Miss(lease) => lease,
        };
        let (flight, own) = match self.flights.board(key, seen, Node::new()) {
            Seat::Join(flight) => (flight, Some(lease)),
            Seat::Lead(lead) => (self.lead(key, lease, lead)?, None),
        };
        let found = flight.wait().await?;
        self.landed(key, found, &flight, own).await
    }

    async fn landed(
        &self,
        key: &S::Key,
        found: Found<S>,
        flight: &Flight<Found<S>>,
        own: Option<Lease>,
    ) -> Result<Lookup<S::Value>> {
        match found {
            Some(entry) => {
                leave_loaded();
                Ok(Lookup::Hit(entry))
            }
            None => match own.or_else(|| flight.take_lease()) {
                Some(lease) => Ok(Lookup::Miss(lease)),
                None => self.parts.inner.lease(key).await.map(Lookup::Miss),
            },
        }
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
