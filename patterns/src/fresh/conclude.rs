//! What is answered: the entry in hand, the news of a load, or that there is none.

use larder_core::{BoxFuture, Entry, Lease, Life, Loader, Lookup, Result, Store, Time};

use super::decision::Decision;
use super::reload::Found;
use super::seek::{Asked, Fresh, Sought};
use super::stats::Event;
use super::verdicts::Refusal;
use crate::flight::{Flight, Seen};
use crate::source::leave_loaded;
use crate::within::within;

/// The answer of a load that is under way.
pub(super) type Waiting<'a, S> = BoxFuture<'a, Result<Lookup<<S as Store>::Value>>>;

impl<S: Store, L: Loader<S::Key, S::Value>> Fresh<S, L> {
    /// What is to be done about a look-up that found `entry`, or nothing.
    pub(super) fn asked<'k>(&self, key: &'k S::Key, entry: Found<S>) -> Asked<'k, S> {
        let decide = |entry: &Entry<S::Value>| self.decide(key, entry.life());
        let decision = entry.as_ref().map_or(Decision::Load, decide);
        Asked { key, entry, decision }
    }

    /// Whether an entry of this life is an answer, seen at a glance.
    #[inline]
    pub(super) fn is_plainly_fresh(&self, life: Life) -> bool {
        self.parts.thresholds.is_plainly_fresh(life, self.parts.env.clock().now())
    }

    /// Whether an entry of this life can be answered without starting anything.
    #[inline]
    pub(super) fn answers_now(&self, key: &S::Key, entry: &Entry<S::Value>) -> bool {
        self.is_plainly_fresh(entry.life()) || self.is_seen_to(key, entry)
    }

    /// Whether it is not due after all, or its reload is under way or may not begin. Counted, then.
    #[cold]
    fn is_seen_to(&self, key: &S::Key, entry: &Entry<S::Value>) -> bool {
        let life = entry.life();
        match self.decide(key, life) {
            Decision::Serve => true,
            Decision::ServeAndReload => {
                let refusal = self.parts.verdicts.refusal(key, self.now());
                let is_seen_to = refusal.is_some() || self.flights.find(key).is_some();
                if is_seen_to {
                    self.count_behind(life, refusal.as_ref());
                }
                is_seen_to
            }
            Decision::WaitOrServeStale | Decision::Load => false,
        }
    }

    /// Looks up what could not be answered at once.
    #[cold]
    pub(super) fn get_waiting<'a>(&'a self, key: &'a S::Key, seen: Seen) -> Waiting<'a, S> {
        Box::pin(async move {
            let (entry, lease) = match self.inner().get(key).await? {
                Lookup::Hit(entry) => (Some(entry), None),
                Lookup::Miss(lease) if lease.is_void() => return Ok(Lookup::Miss(lease)),
                Lookup::Miss(lease) => (None, Some(lease)),
            };
            match self.answer_first(self.asked(key, entry), seen) {
                Ok(answer) => Ok(answer),
                Err(asked) => {
                    let sought = self.seek(&asked, lease, seen);
                    self.conclude(asked, sought, self.patience()).await
                }
            }
        })
    }

    /// The answer to who found `entry`, which is perhaps not fresh: at once, or the waiting for it.
    #[cold]
    pub(super) fn get_due<'a>(
        &'a self,
        key: &'a S::Key,
        entry: Entry<S::Value>,
        seen: Seen,
    ) -> std::result::Result<Lookup<S::Value>, Waiting<'a, S>> {
        self.answer_first(self.asked(key, Some(entry)), seen).map_err(|asked| -> Waiting<'a, S> {
            let sought = self.seek(&asked, None, seen);
            Box::pin(self.conclude(asked, sought, self.patience()))
        })
    }

    /// The entry, if it is an answer that needs no waiting; if it is due, its reload is started behind.
    fn answer_first<'k>(
        &self,
        asked: Asked<'k, S>,
        seen: Seen,
    ) -> std::result::Result<Lookup<S::Value>, Asked<'k, S>> {
        if asked.decision == Decision::ServeAndReload {
            let sought = self.seek(&asked, None, seen);
            self.count_sought(&asked, &sought);
        }
        match asked {
            Asked { entry: Some(entry), decision: Decision::Serve | Decision::ServeAndReload, .. } => {
                Ok(Lookup::Hit(entry))
            }
            waiting => Err(waiting),
        }
    }

    /// The answer, once there is one. Who has a stale entry waits until `patience`.
    pub(super) async fn conclude(
        &self,
        asked: Asked<'_, S>,
        sought: Sought<S>,
        patience: Option<Time>,
    ) -> Result<Lookup<S::Value>> {
        match (asked.entry, asked.decision) {
            (Some(entry), Decision::Serve | Decision::ServeAndReload) => Ok(Lookup::Hit(entry)),
            (Some(entry), Decision::WaitOrServeStale) => {
                self.wait_or_serve_stale(asked.key, entry, sought, patience).await
            }
            _ => match sought {
                Sought::Flight(flight, own) => {
                    let found = flight.wait().await?;
                    match own {
                        Some(own) if flight.may_be_older_than(&own) => self.ask_again(asked.key).await,
                        own => self.landed(asked.key, found, &flight, own.map(|own| own.lease)).await,
                    }
                }
                Sought::Refused(refusal, own) => self.refused(asked.key, refusal, own).await,
            },
        }
    }

    /// Looks up anew for one who waited for a load that may have begun before an invalidation he came after. A
    /// load that is met now began after he came, so whatever it finds is the answer.
    async fn ask_again(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        let seen = self.flights.seen();
        let lease = match self.inner().get(key).await? {
            Lookup::Hit(entry) => return Ok(Lookup::Hit(entry)),
            Lookup::Miss(lease) if lease.is_void() => return Ok(Lookup::Miss(lease)),
            Lookup::Miss(lease) => lease,
        };
        match self.seek(&self.asked(key, None), Some(lease), seen) {
            Sought::Flight(flight, own) => {
                let found = flight.wait().await?;
                self.landed(key, found, &flight, own.map(|own| own.lease)).await
            }
            Sought::Refused(refusal, own) => self.refused(key, refusal, own).await,
        }
    }

    async fn wait_or_serve_stale(
        &self,
        key: &S::Key,
        entry: Entry<S::Value>,
        sought: Sought<S>,
        patience: Option<Time>,
    ) -> Result<Lookup<S::Value>> {
        let flight = match sought {
            Sought::Flight(flight, _) => flight,
            Sought::Refused(refusal, own) => {
                let stale = stale_because(&refusal);
                if stale.is_some_and(|why| self.is_stale_answer(entry.life(), why)) {
                    self.count_refusal(&refusal);
                    return Ok(Lookup::Hit(entry));
                }
                return self.refused(key, refusal, own).await;
            }
        };
        let sleep = patience.map(|end| self.parts.env.sleep(end.since(self.now())));
        let outcome = match within(flight.wait(), sleep).await {
            Some(outcome) => outcome,
            None if self.is_stale_answer(entry.life(), Event::StaleSlow) => return Ok(Lookup::Hit(entry)),
            None => flight.wait().await,
        };
        match outcome {
            Ok(found) => self.landed(key, found, &flight, None).await,
            Err(_) if self.is_stale_answer(entry.life(), Event::StaleOnError) => Ok(Lookup::Hit(entry)),
            Err(error) => Err(error),
        }
    }

    /// Until when one waits who has a stale entry and asks now.
    pub(super) fn patience(&self) -> Option<Time> {
        self.soft_timeout.map(|timeout| self.now().after(timeout))
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
            None => self.missed(key, own.or_else(|| flight.take_lease())).await,
        }
    }

    async fn refused(&self, key: &S::Key, refusal: Refusal, own: Option<Lease>) -> Result<Lookup<S::Value>> {
        self.count_refusal(&refusal);
        match refusal.into_error() {
            Some(error) => Err(error),
            None => self.missed(key, own).await,
        }
    }

    async fn missed(&self, key: &S::Key, own: Option<Lease>) -> Result<Lookup<S::Value>> {
        match own {
            Some(lease) => Ok(Lookup::Miss(lease)),
            None => self.inner().lease(key).await.map(Lookup::Miss),
        }
    }

    /// Whether an entry of this life may be answered now because of `why`; counted, then.
    fn is_stale_answer(&self, life: Life, why: Event) -> bool {
        let is_answer = self.parts.thresholds.tolerates(life, self.now());
        if is_answer && !life.is_fresh(self.now()) {
            self.parts.counts.add(why);
        }
        is_answer
    }

    /// Counts an answer whose reload goes on behind it, or does not.
    pub(super) fn count_sought(&self, asked: &Asked<'_, S>, sought: &Sought<S>) {
        let refusal = match sought {
            Sought::Refused(refusal, _) => Some(refusal),
            Sought::Flight(..) => None,
        };
        if let Some(entry) = &asked.entry {
            self.count_behind(entry.life(), refusal);
        }
    }

    fn count_behind(&self, life: Life, refusal: Option<&Refusal>) {
        let why = refusal.and_then(stale_because);
        if let (Some(refusal), Some(_)) = (refusal, why) {
            self.count_refusal(refusal);
        }
        if !life.is_fresh(self.now()) {
            self.parts.counts.add(why.unwrap_or(Event::StaleRevalidating));
        }
    }

    /// Counts that the origin was not asked. What the budget refused was counted when it did.
    fn count_refusal(&self, refusal: &Refusal) {
        match refusal {
            Refusal::Absent => self.parts.counts.add(Event::NegativeHit),
            Refusal::Failed(_) | Refusal::TooSoon(_) => self.parts.counts.add(Event::BackedOff),
            Refusal::NoRoom(_) => {}
        }
    }
}

/// Why a stale entry is the answer where the origin was not asked; `None`: it is none, for the origin has nothing.
const fn stale_because(refusal: &Refusal) -> Option<Event> {
    match refusal {
        Refusal::Absent => None,
        Refusal::Failed(_) | Refusal::TooSoon(_) => Some(Event::StaleBackingOff),
        Refusal::NoRoom(_) => Some(Event::StaleOverBudget),
    }
}
