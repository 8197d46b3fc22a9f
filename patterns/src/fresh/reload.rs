//! A load from beginning to end, as its task runs it: for misses and for entries that are due, one or many.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder_core::{BoxFuture, Entry, Env, Filled, Lease, Life, Loader, Lookup, Result, Store};

use super::budget::Permit;
use super::decision::{Decision, Thresholds};
use super::stats::{Counts, Event};
use super::verdicts::{Outcome, Ticket, Verdicts};
use crate::flight::reentrance::Node;
use crate::flight::{Flight, Lead, guarded};
use crate::loading::{as_kept, exactly};
use crate::loads::Loads;

/// What a load finds.
pub(super) type Found<S> = Option<Entry<<S as Store>::Value>>;

/// What the tasks need: the store to fill, the origin to ask, and what is remembered of it.
pub(super) struct Parts<S: Store, L> {
    pub(super) inner: S,
    pub(super) loader: L,
    pub(super) env: Env,
    pub(super) thresholds: Thresholds,
    pub(super) verdicts: Verdicts<S::Key>,
    pub(super) counts: Counts,
    pub(super) loads: Loads,
    /// What a load costs, in nanoseconds: a moving average. Zero before the first.
    pub(super) cost: AtomicU64,
}

/// A key to load, for all who wait for it.
pub(super) struct Wanted<S: Store> {
    pub(super) key: S::Key,
    /// The lease of the miss. A reload takes one when it begins.
    pub(super) lease: Option<Lease>,
    /// The entry that is due.
    pub(super) old: Found<S>,
    pub(super) lead: Lead<S::Key, Found<S>>,
}

/// What is known of a key before its load, to tell what became of it.
struct Course<S: Store> {
    key: S::Key,
    ticket: Ticket,
    lead: Lead<S::Key, Found<S>>,
    is_reload: bool,
}

struct Order<S: Store> {
    key: S::Key,
    lease: Option<Lease>,
    old: Found<S>,
    flight: Arc<Flight<Found<S>>>,
}

/// A key that the origin has to be asked for, and where its answer goes.
struct Missing<S: Store> {
    at: usize,
    key: S::Key,
    lease: Lease,
    old: Found<S>,
    flight: Arc<Flight<Found<S>>>,
}

/// What the keys of a load came to.
struct Fetched<S: Store> {
    found: Vec<Found<S>>,
    /// Those of which the store knows better than the origin that there is nothing.
    unasked: Vec<usize>,
}

/// What a key of a load comes to before the origin is asked.
enum Seen<S: Store> {
    Found(Entry<S::Value>),
    /// A removal is on its way to the origin.
    Removed,
    Missing(Missing<S>),
}

impl<S: Store, L: Loader<S::Key, S::Value>> Parts<S, L> {
    /// What to do with an entry of this life.
    pub(super) fn decide(&self, key: &S::Key, life: Life) -> Decision {
        let now = self.env.now();
        let measured = || Duration::from_nanos(self.cost.load(Ordering::Relaxed));
        let cost = self.thresholds.early.map_or(Duration::ZERO, |_| measured());
        // A draw that is a hash writes nothing that readers share.
        let draw = || (self.verdicts.hash(&(key, now.as_nanos())) >> 11) as f64 / (1_u64 << 53) as f64;
        self.thresholds.decide(life, now, cost, draw)
    }

    /// Loads what is `wanted`, with one call of the loader, and ends the flights. `wanted` shares `node`.
    pub(super) async fn run(
        self: Arc<Self>,
        node: Node,
        wanted: Vec<Wanted<S>>,
        permit: Option<Permit>,
        deadline: Option<BoxFuture<'static, ()>>,
    ) {
        let (courses, orders): (Vec<_>, Vec<_>) = wanted.into_iter().map(|wanted| self.split(wanted)).unzip();
        match guarded(node, Box::pin(self.fetch(orders, permit)), deadline).await {
            Ok(Fetched { found, unasked }) => {
                for (at, (course, found)) in courses.into_iter().zip(found).enumerate() {
                    let outcome = if found.is_some() { Outcome::Present } else { Outcome::Absent };
                    if !unasked.contains(&at) {
                        self.verdicts.settle(&course.key, course.ticket, &outcome, self.env.now());
                    }
                    course.lead.land(Ok(found));
                }
            }
            Err(error) => {
                for course in courses {
                    let outcome = Outcome::Failed(&error);
                    self.verdicts.settle(&course.key, course.ticket, &outcome, self.env.now());
                    if course.is_reload {
                        self.counts.add(Event::ReloadFailed);
                    }
                    course.lead.land(Err(error.clone()));
                }
            }
        }
    }

    fn split(&self, wanted: Wanted<S>) -> (Course<S>, Order<S>) {
        let Wanted { key, lease, old, lead } = wanted;
        let ticket = self.verdicts.ticket(&key);
        let order = Order { key: key.clone(), lease, flight: Arc::clone(lead.flight()), old };
        (Course { key, ticket, lead, is_reload: order.old.is_some() }, order)
    }

    async fn fetch(&self, orders: Vec<Order<S>>, mut permit: Option<Permit>) -> Result<Fetched<S>> {
        let (mut found, mut missing) = (Vec::with_capacity(orders.len()), Vec::with_capacity(orders.len()));
        let mut unasked = Vec::new();
        for (at, order) in orders.into_iter().enumerate() {
            found.push(None);
            match self.look_again(at, order).await? {
                Seen::Found(entry) => found[at] = Some(entry),
                Seen::Removed => unasked.push(at),
                Seen::Missing(still) => missing.push(still),
            }
        }
        if !missing.is_empty() {
            if let Some(permit) = &mut permit {
                permit.begin();
            }
            let keys: Vec<_> = missing.iter().map(|missing| missing.key.clone()).collect();
            let loaded = self.load(&keys).await?;
            drop(permit);
            self.keep(missing, loaded, &mut found).await;
        }
        Ok(Fetched { found, unasked })
    }

    /// What a load left that ended after the look-up, if that is fresh; or else the key with its lease, taken now unless a miss gave it.
    async fn look_again(&self, at: usize, order: Order<S>) -> Result<Seen<S>> {
        let Order { key, mut lease, mut old, flight } = order;
        if flight.looks_again() {
            (lease, old) = match self.inner.get(&key).await? {
                Lookup::Miss(lease) => (Some(lease), None),
                Lookup::Hit(entry) if self.decide(&key, entry.life()) == Decision::Serve => {
                    return Ok(Seen::Found(entry));
                }
                Lookup::Hit(entry) => (None, Some(entry)),
            };
        }
        let lease = match lease {
            Some(lease) => lease,
            None => self.inner.lease(&key).await?,
        };
        if lease.is_void() {
            // What is queued for the origin is newer than what it has.
            return Ok(old.map_or_else(
                || {
                    flight.leave_lease(lease);
                    Seen::Removed
                },
                Seen::Found,
            ));
        }
        let lease = flight.begins_under(lease);
        Ok(Seen::Missing(Missing { at, key, lease, old, flight }))
    }

    async fn load(&self, keys: &[S::Key]) -> Result<Vec<Found<S>>> {
        let clock = self.env.clock();
        let began = clock.now_precise();
        let loading = async {
            match keys {
                [key] => self.loader.load(key).await.map(|loaded| vec![loaded]),
                keys => exactly(&self.loader, keys).await,
            }
        };
        let loaded = self.loads.measured(clock, loading).await?;
        self.note_cost(clock.now_precise().since(began));
        Ok(loaded)
    }

    /// Each new cost counts an eighth, the first wholly. Of two at once one may be lost: it is an average.
    fn note_cost(&self, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let before = match self.cost.load(Ordering::Relaxed) {
            0 => took,
            before => before,
        };
        self.cost.store(before - before / 8 + took / 8, Ordering::Relaxed);
    }

    /// Fills the store with what was loaded, and lets it go of what is no more. The answers go to their places.
    async fn keep(&self, missing: Vec<Missing<S>>, loaded: Vec<Found<S>>, found: &mut [Found<S>]) {
        let (mut fills, mut kept) = (Vec::with_capacity(missing.len()), Vec::with_capacity(missing.len()));
        for (Missing { at, key, lease, old, flight }, loaded) in missing.into_iter().zip(loaded) {
            let is_reload = old.is_some();
            let entry = match (&loaded, old) {
                (Some(entry), _) => entry.clone(),
                // A fill that is over at once: a removal would take away what was written meanwhile, too.
                (None, Some(old)) if old.life().is_usable(self.env.now()) => {
                    Entry::new(old.into_value()).ttl(Duration::ZERO)
                }
                (None, _) => {
                    flight.leave_lease(lease);
                    continue;
                }
            };
            flight.fills();
            fills.push((key, entry, lease));
            kept.push((at, loaded, is_reload, flight));
        }
        let filled = self.fill(fills).await;
        for ((at, loaded, is_reload, flight), filled) in kept.into_iter().zip(filled) {
            found[at] = match filled {
                Some(filled) => {
                    flight.filled(filled);
                    self.count_reload(is_reload, filled);
                    loaded.map(|entry| as_kept(entry, filled))
                }
                None => loaded,
            };
        }
    }

    /// What became of each fill; `None`s, and counted, if the store failed to take them.
    async fn fill(&self, mut fills: Vec<(S::Key, Entry<S::Value>, Lease)>) -> Vec<Option<Filled>> {
        let count = fills.len();
        let filled = match fills.pop() {
            None => return Vec::new(),
            Some((key, entry, lease)) if fills.is_empty() => {
                self.inner.fill(key, entry, lease).await.map(|filled| vec![filled])
            }
            Some(last) => {
                fills.push(last);
                self.inner.fill_many(fills).await
            }
        };
        if filled.is_err() {
            self.loads.unkept();
        }
        let mut filled: Vec<_> = filled.unwrap_or_default().into_iter().map(Some).collect();
        filled.resize(count, None);
        filled
    }

    fn count_reload(&self, is_reload: bool, filled: Filled) {
        if is_reload {
            self.counts.add(if filled.is_stored() { Event::Reloaded } else { Event::ReloadVoid });
        }
    }
}
