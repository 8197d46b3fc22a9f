//! A load from beginning to end, as its task runs it.

use std::sync::Arc;

use larder_core::{Entry, Env, Filled, Lease, Loader, Lookup, Result, Store};

use crate::flight::Flight;
use crate::loading::{as_kept, exactly};
use crate::loads::Loads;

/// What a load finds.
pub(super) type Found<S> = Option<Entry<<S as Store>::Value>>;

/// What the tasks need: the store to fill, and the origin to ask.
pub(super) struct Parts<S, L> {
    pub(super) inner: S,
    pub(super) loads: Loads,
    loader: L,
}

/// A key to load.
pub(super) struct Wanted<S: Store> {
    pub(super) key: S::Key,
    pub(super) lease: Lease,
    pub(super) flight: Arc<Flight<Found<S>>>,
}

impl<S: Store, L: Loader<S::Key, S::Value>> Parts<S, L> {
    pub(super) fn new(inner: S, loader: L) -> Self {
        Self { inner, loader, loads: Loads::default() }
    }

    /// Looks up again if need be, loads, fills.
    pub(super) async fn fetch(&self, env: &Env, mut wanted: Wanted<S>) -> Result<Found<S>> {
        if let Some(entry) = self.look_again(&mut wanted).await? {
            return Ok(Some(entry));
        }
        if wanted.lease.is_void() {
            return Ok(self.settle(wanted, None).await);
        }
        wanted.lease = wanted.flight.begins_under(wanted.lease);
        let loaded = self.loads.measured(env.clock(), self.loader.load(&wanted.key)).await?;
        Ok(self.settle(wanted, loaded).await)
    }

    /// The same for many, with one call of the loader for those that are still missing.
    pub(super) async fn fetch_many(&self, env: &Env, wanted: Vec<Wanted<S>>) -> Result<Vec<Found<S>>> {
        let mut found = Vec::with_capacity(wanted.len());
        let mut missing = Vec::with_capacity(wanted.len());
        for (at, mut wanted) in wanted.into_iter().enumerate() {
            let entry = self.look_again(&mut wanted).await?;
            match entry {
                None if wanted.lease.is_void() => wanted.flight.leave_lease(wanted.lease),
                None => {
                    wanted.lease = wanted.flight.begins_under(wanted.lease);
                    missing.push((at, wanted));
                }
                Some(_) => {}
            }
            found.push(entry);
        }
        if missing.is_empty() {
            return Ok(found);
        }
        let keys: Vec<_> = missing.iter().map(|(_, wanted)| wanted.key.clone()).collect();
        let loaded = self.loads.measured(env.clock(), exactly(&self.loader, &keys)).await?;
        let (mut fills, mut places) = (Vec::with_capacity(missing.len()), Vec::with_capacity(missing.len()));
        for ((at, wanted), loaded) in missing.into_iter().zip(loaded) {
            match loaded {
                None => wanted.flight.leave_lease(wanted.lease),
                Some(entry) => {
                    wanted.flight.fills();
                    places.push((at, wanted.flight));
                    found[at] = Some(entry.clone());
                    fills.push((wanted.key, entry, wanted.lease));
                }
            }
        }
        if !fills.is_empty() {
            let filled = self.taken(self.inner.fill_many(fills).await).unwrap_or_default();
            for ((at, flight), filled) in places.into_iter().zip(filled) {
                flight.filled(filled);
                found[at] = found[at].take().map(|entry| as_kept(entry, filled));
            }
        }
        Ok(found)
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
        let Some(entry) = loaded else {
            wanted.flight.leave_lease(wanted.lease);
            return None;
        };
        wanted.flight.fills();
        let filled = self.taken(self.inner.fill(wanted.key, entry.clone(), wanted.lease).await);
        let filled = filled.unwrap_or(Filled::Void);
        wanted.flight.filled(filled);
        Some(as_kept(entry, filled))
    }

    /// Counts a failure of the store to take what was loaded. That a lease was void is none.
    fn taken<T>(&self, filled: Result<T>) -> Option<T> {
        if filled.is_err() {
            self.loads.unkept();
        }
        filled.ok()
    }
}
