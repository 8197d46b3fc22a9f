//! The store that keeps its entries fresh: how it comes by a load.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use larder_core::{Env, Error, ErrorKind, Lease, Life, Loader, Result, Store, Time};

use super::budget::{Budget, Permit};
use super::decision::Decision;
use super::reload::{Found, Parts, Wanted};
use super::settings::Freshness;
use super::stats::{Counts, Event, FreshStats};
use super::verdicts::{Refusal, Verdicts};
use crate::flight::reentrance::Node;
use crate::flight::{Flight, Flights, Lead, Passenger, Seat, Seen};
use crate::loads::Loads;

/// A store that loads what it misses and reloads what is no longer fresh. Made by
/// [`PatternExt::keep_fresh`](crate::PatternExt::keep_fresh), and by [`refresh_ahead`](crate::PatternExt::refresh_ahead).
///
/// Refresh-ahead, stale-while-revalidate, stale-if-error, timeouts, back-off, negative caching, early expiration and the
/// origin's budget all decide about the same load, so they meet here: one flight a key for misses and reloads
/// alike, one pure function that says what an entry is good for, one place that knows whether the origin may be
/// asked. [`Freshness`] names each with its source.
///
/// A reload takes its lease when it begins, so it can't bring back what was removed or undo what was written meanwhile;
/// and it is never started over, so one that is slower than the entry's life lands all the same. The entries of one
/// [`get_many`](Store::get_many) that are due or missing are loaded by one call of [`Loader::load_many`].
/// What the origin no longer has leaves the store.
///
/// # The order
///
/// It loads misses itself, so it needs no [`read_through`](crate::PatternExt::read_through). One on the inside does no harm,
/// `store.read_through(db).refresh_ahead(db, 0.8, &env)`: that loads the misses, without back-off and budget,
/// and is asked twice for what is not there. One on the outside is the wrong order: it sees no entry that is due, and takes a
/// "there is no such thing" from memory for a miss to be loaded. What writes goes on the inside or the outside alike. Over tiers,
/// the life that counts is that of the tier which answers: an entry far older than the near tier's default life is due as soon as it
/// is copied near. A near tier whose life is short goes in front:
/// `far.keep_fresh(db, freshness, &env)?.fronted_by(near)`.
///
/// # When something fails
///
/// - The loader fails, panics, gives the wrong number of answers or runs out of its hard timeout: who waits gets his stale
///   entry if [`stale_if_error`](Freshness::stale_if_error) allows, or else the error. The key is not loaded again until its
///   back-off is over.
/// - The origin may not be asked (back-off, budget): a stale entry again, or else [`ErrorKind::Overloaded`].
/// - The loader hangs: without a hard timeout its key waits for ever, and its place in the budget is taken; with a soft
///   timeout, those who have a stale entry don't wait.
/// - A load asks for a key that waits for it: [`ErrorKind::Reentrant`], or the stale entry.
/// - A write comes while its key is loaded: the load fills nothing, and who comes after the write doesn't wait for it.
/// - The store fails to look up: the error is passed on. It fails to take a loaded value: callers get the value, and
///   [`LoadStats::unkept`](crate::LoadStats::unkept) counts it.
/// - The table of failures and absences is full: the ones that end first are forgotten, and cost a load each.
/// - No task can be started: an entry that is usable is answered, and not reloaded; a miss is the error.
pub struct Fresh<S: Store, L> {
    pub(super) parts: Arc<Parts<S, L>>,
    pub(super) flights: Flights<S::Key, Found<S>>,
    pub(super) soft_timeout: Option<Duration>,
    hard_timeout: Option<Duration>,
    budget: Option<Budget>,
    is_closed: AtomicBool,
}

/// A look-up, and what is to be done about it.
pub(super) struct Asked<'k, S: Store> {
    pub(super) key: &'k S::Key,
    pub(super) entry: Found<S>,
    pub(super) decision: Decision,
}

/// Where the news of a key is to come from.
pub(super) enum Sought<S: Store> {
    /// From this load; the caller is its passenger if another leads, unless he has an entry.
    Flight(Arc<Flight<Found<S>>>, Option<Passenger>),
    /// From nowhere.
    Refused(Refusal, Option<Lease>),
}

/// What boarding came to.
pub(super) enum Boarded<S: Store> {
    Refused(Refusal),
    Joined(Arc<Flight<Found<S>>>),
    Leads(Lead<S::Key, Found<S>>),
}

impl<S: Store, L: Loader<S::Key, S::Value>> Fresh<S, L> {
    /// `inner`, kept fresh from `loader` as `freshness` says, by tasks in `env`.
    pub fn new(inner: S, loader: L, freshness: Freshness, env: &Env) -> Result<Self> {
        let Freshness { thresholds, terms, soft_timeout, hard_timeout, budget, .. } = freshness.checked()?;
        let parts = Parts {
            inner,
            loader,
            env: env.clone(),
            thresholds,
            verdicts: Verdicts::new(terms, env.random()),
            counts: Counts::default(),
            loads: Loads::default(),
            cost: AtomicU64::new(0),
        };
        Ok(Self {
            parts: Arc::new(parts),
            flights: Flights::new(env.random()),
            soft_timeout,
            hard_timeout,
            budget,
            is_closed: AtomicBool::new(false),
        })
    }

    /// The wrapped store.
    pub fn inner(&self) -> &S {
        &self.parts.inner
    }

    /// What was loaded, reloaded, and answered without, so far.
    pub fn stats(&self) -> FreshStats {
        self.parts.counts.snapshot(self.parts.loads.stats())
    }

    /// How many keys are being loaded right now and were not written since.
    pub fn in_flight(&self) -> usize {
        self.flights.keys().len()
    }

    /// No reload begins behind a caller any more.
    pub(super) fn stop_reloading(&self) {
        self.is_closed.store(true, Ordering::Release);
    }

    /// What to do with an entry of this life.
    pub(super) fn decide(&self, key: &S::Key, life: Life) -> Decision {
        match self.parts.decide(key, life) {
            Decision::ServeAndReload if self.is_closed.load(Ordering::Acquire) => Decision::Serve,
            decision => decision,
        }
    }

    /// Joins the load of the key, or starts it.
    pub(super) fn seek(&self, asked: &Asked<'_, S>, lease: Option<Lease>, seen: Seen) -> Sought<S> {
        let node = Node::new();
        match self.board(asked.key, seen, node) {
            Boarded::Refused(refusal) => Sought::Refused(refusal, lease),
            Boarded::Joined(flight) => {
                let own = lease.map(|lease| Passenger::of(&flight, lease));
                Sought::Flight(flight, own)
            }
            Boarded::Leads(lead) => {
                let flight = Arc::clone(lead.flight());
                let wanted = Wanted { key: asked.key.clone(), lease, old: asked.entry.clone(), lead };
                match self.fly(vec![wanted], node) {
                    Ok(()) => Sought::Flight(flight, None),
                    Err(refusal) => Sought::Refused(refusal, None),
                }
            }
        }
    }

    /// The load of `key` that is under way, or the duty to load it, unless it is not to be loaded now.
    pub(super) fn board(&self, key: &S::Key, seen: Seen, node: Node) -> Boarded<S> {
        let refusal = || self.parts.verdicts.refusal(key, self.now());
        if let Some(refusal) = refusal() {
            return Boarded::Refused(refusal);
        }
        match self.flights.board(key, seen, node) {
            Seat::Join(flight) => Boarded::Joined(flight),
            // A load that ended just now may have left its verdict.
            Seat::Lead(lead) if lead.flight().looks_again() => match refusal() {
                None => Boarded::Leads(lead),
                Some(refusal) => {
                    lead.land(refusal.clone().into_error().map_or(Ok(None), Err));
                    Boarded::Refused(refusal)
                }
            },
            Seat::Lead(lead) => Boarded::Leads(lead),
        }
    }

    /// Starts one load for all of `wanted`, which share `node`, if the origin may be asked.
    pub(super) fn fly(&self, wanted: Vec<Wanted<S>>, node: Node) -> std::result::Result<(), Refusal> {
        let permit = match self.permit() {
            Ok(permit) => permit,
            Err(error) => {
                self.parts.counts.add(Event::OverBudget);
                wanted.into_iter().for_each(|wanted| wanted.lead.land(Err(error.clone())));
                return Err(Refusal::NoRoom(error));
            }
        };
        let env = &self.parts.env;
        let deadline = self.hard_timeout.map(|timeout| env.sleep(timeout));
        env.spawn(Arc::clone(&self.parts).run(node, wanted, permit, deadline)).map_err(Refusal::NoRoom)
    }

    fn permit(&self) -> Result<Option<Permit>> {
        let Some(budget) = &self.budget else { return Ok(None) };
        let over = || Error::new(ErrorKind::Overloaded, "loading over the budget of the origin");
        budget.permit(self.now()).ok_or_else(over).map(Some)
    }

    pub(super) fn now(&self) -> Time {
        self.parts.env.now()
    }
}

impl<S: Store + fmt::Debug, L> fmt::Debug for Fresh<S, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fresh")
            .field("inner", &self.parts.inner)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}
