//! Stores that each break one rule of the contract.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::time::Duration;

use larder_core::{Entry, Env, Error, ErrorKind, Filled, Lease, Lifetimes, Lookup, Result, Store};
use larder_testkit::MapStore;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    FillIgnoresLeases,
    InsertKeepsLeases,
    RemoveKeepsLeases,
    ClearKeepsLeases,
    SecondFillWins,
    ForeignLeaseFills,
    RefusedFillRemoves,
    TtlInWholeSeconds,
    ExpiredIsReturned,
    ZeroIsForever,
    FillForgetsTheLife,
    PromotionRestartsLife,
    DefaultCapsEveryLife,
    RewriteKeepsOldLife,
    InsertManyDropsLast,
    InsertManyReversed,
    GetManySorted,
    FillManyStopsAtVoid,
    RemoveManyCountsKeys,
    GetNowIsStale,
    RemoveSaysYes,
    MissIsAnError,
    SecondCloseFails,
    ForgetsEveryFortiethInsert,
    OtherKeysVoidLeases,
    DroppedInsertLeavesTheFirstValue,
    VoidFillIsUndoneLate,
}

pub(crate) struct Broken {
    inner: MapStore<u64, u64>,
    fault: Fault,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    written: HashSet<u64>,
    removed: HashSet<u64>,
    filled: HashSet<u64>,
    cleared: bool,
    seen: HashMap<u64, Entry<u64>>,
    inserts: usize,
    closed: bool,
}

impl Broken {
    pub(crate) fn new(fault: Fault, env: &Env, default: Option<Duration>) -> Self {
        let mut inner = MapStore::new(env);
        if let Some(ttl) = default {
            inner = inner.ttl(ttl);
        }
        Self { inner, fault, state: Mutex::default() }
    }

    fn changed(&self, entry: Entry<u64>, filling: bool) -> Entry<u64> {
        let life = entry.life();
        let ttl = life.usable_until().duration();
        match (self.fault, ttl) {
            (Fault::TtlInWholeSeconds, Some(ttl)) if ttl.as_secs() == 0 && !ttl.is_zero() => {
                entry.never_expires()
            }
            (Fault::TtlInWholeSeconds, Some(ttl)) => entry.ttl(Duration::from_secs(ttl.as_secs())),
            (Fault::ExpiredIsReturned, Some(ttl)) if !ttl.is_zero() => entry.never_expires(),
            (Fault::ZeroIsForever, Some(Duration::ZERO)) => entry.never_expires(),
            (Fault::FillForgetsTheLife, Some(ttl)) if filling && !ttl.is_zero() => {
                Entry::new(entry.into_value())
            }
            (Fault::DefaultCapsEveryLife, _) => entry.promoted(),
            (Fault::PromotionRestartsLife, _) => restarted(entry),
            _ => entry,
        }
    }

    /// Whether the seeded fault makes this store take a fill that its lease forbids.
    fn takes_void(&self, key: u64, foreign: bool) -> bool {
        let state = self.state.lock().unwrap();
        match self.fault {
            Fault::FillIgnoresLeases => true,
            Fault::InsertKeepsLeases => state.written.contains(&key),
            Fault::RemoveKeepsLeases => state.removed.contains(&key),
            Fault::ClearKeepsLeases => state.cleared,
            Fault::SecondFillWins => state.filled.contains(&key),
            Fault::ForeignLeaseFills => foreign,
            _ => false,
        }
    }

    /// Puts the first value of the key back, and waits a turn.
    async fn roll_back_until_polled_again(&self, key: u64, entry: &Entry<u64>) -> Result<()> {
        let first = self.state.lock().unwrap().seen.entry(key).or_insert_with(|| entry.clone()).clone();
        self.inner.insert(key, first).await?;
        yield_once().await;
        Ok(())
    }

    fn note(&self, key: u64, note: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap();
        state.written.remove(&key);
        state.removed.remove(&key);
        state.filled.remove(&key);
        note(&mut state);
    }
}

/// A life counted from now, which is what a careless copy does.
fn restarted(entry: Entry<u64>) -> Entry<u64> {
    let Some(stored) = entry.life().stored() else { return entry };
    let life = entry.life().resolve(stored, &Lifetimes::default(), || 0);
    match life.usable_until().time() {
        Some(end) => Entry::new(entry.into_value()).ttl(end.since(stored)),
        None => entry,
    }
}

/// Lets others go first, once.
async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

impl Store for Broken {
    type Key = u64;
    type Value = u64;

    async fn get(&self, key: &u64) -> Result<Lookup<u64>> {
        let found = self.inner.get(key).await?;
        if self.fault == Fault::MissIsAnError && !found.is_hit() {
            return Err(Error::new(ErrorKind::Store, "getting"));
        }
        if let Lookup::Hit(entry) = &found {
            self.state.lock().unwrap().seen.entry(*key).or_insert_with(|| entry.clone());
        }
        Ok(found)
    }

    fn get_now(&self, key: &u64) -> Option<Lookup<u64>> {
        match self.state.lock().unwrap().seen.get(key) {
            Some(entry) if self.fault == Fault::GetNowIsStale => Some(Lookup::Hit(entry.clone())),
            _ => self.inner.get_now(key),
        }
    }

    async fn lease(&self, key: &u64) -> Result<Lease> {
        self.inner.lease(key).await
    }

    async fn fill(&self, key: u64, entry: Entry<u64>, lease: Lease) -> Result<Filled> {
        let entry = self.changed(entry, true);
        let foreign = lease.stamp()[0] != self.inner.lease(&key).await?.stamp()[0];
        let filled = self.inner.fill(key, entry.clone(), lease).await?;
        if self.fault == Fault::VoidFillIsUndoneLate && !filled.is_stored() {
            let old = self.inner.get(&key).await?.hit();
            self.inner.insert(key, entry).await?;
            yield_once().await;
            self.inner.remove(&key).await?;
            if let Some(old) = old {
                self.inner.insert(key, old).await?;
            }
            return Ok(filled);
        }
        if !filled.is_stored() && self.takes_void(key, foreign) {
            let life = entry.life();
            self.inner.insert(key, entry).await?;
            return Ok(Filled::Stored(life));
        }
        if filled.is_stored() {
            self.note(key, |state| _ = state.filled.insert(key));
        } else if self.fault == Fault::RefusedFillRemoves {
            self.inner.remove(&key).await?;
        }
        Ok(filled)
    }

    async fn insert(&self, key: u64, entry: Entry<u64>) -> Result<()> {
        let mut entry = self.changed(entry, false);
        if self.fault == Fault::RewriteKeepsOldLife
            && entry.life().usable_until().duration().is_none_or(|ttl| !ttl.is_zero())
            && let Lookup::Hit(old) = self.inner.get(&key).await?
        {
            entry = Entry::with_life(entry.into_value(), old.life());
        }
        let inserts = {
            let mut state = self.state.lock().unwrap();
            state.inserts += 1;
            state.inserts
        };
        self.note(key, |state| _ = state.written.insert(key));
        if self.fault == Fault::DroppedInsertLeavesTheFirstValue {
            self.roll_back_until_polled_again(key, &entry).await?;
        }
        if self.fault == Fault::ForgetsEveryFortiethInsert && inserts % 40 == 0 {
            return Ok(());
        }
        if self.fault == Fault::OtherKeysVoidLeases {
            for other in (0..20).filter(|other| *other != key) {
                if let Lookup::Hit(entry) = self.inner.get(&other).await? {
                    self.inner.insert(other, entry).await?;
                } else {
                    self.inner.remove(&other).await?;
                }
            }
        }
        self.inner.insert(key, entry).await
    }

    async fn remove(&self, key: &u64) -> Result<bool> {
        self.note(*key, |state| _ = state.removed.insert(*key));
        Ok(self.inner.remove(key).await? || self.fault == Fault::RemoveSaysYes)
    }

    async fn clear(&self) -> Result<()> {
        self.state.lock().unwrap().cleared = true;
        self.inner.clear().await
    }

    async fn get_many(&self, keys: &[u64]) -> Result<Vec<Lookup<u64>>> {
        let mut keys = keys.to_vec();
        if self.fault == Fault::GetManySorted {
            keys.sort_unstable();
        }
        self.inner.get_many(&keys).await
    }

    async fn fill_many(&self, entries: Vec<(u64, Entry<u64>, Lease)>) -> Result<Vec<Filled>> {
        let mut all = Vec::new();
        for (key, entry, lease) in entries {
            let stopped = self.fault == Fault::FillManyStopsAtVoid && all.contains(&Filled::Void);
            all.push(if stopped { Filled::Void } else { self.fill(key, entry, lease).await? });
        }
        Ok(all)
    }

    async fn insert_many(&self, mut entries: Vec<(u64, Entry<u64>)>) -> Result<()> {
        match self.fault {
            Fault::InsertManyDropsLast => drop(entries.pop()),
            Fault::InsertManyReversed => entries.reverse(),
            _ => {}
        }
        for (key, entry) in entries {
            self.insert(key, entry).await?;
        }
        Ok(())
    }

    async fn remove_many(&self, keys: &[u64]) -> Result<usize> {
        let mut removed = 0;
        for key in keys {
            removed += usize::from(self.remove(key).await?);
        }
        Ok(if self.fault == Fault::RemoveManyCountsKeys { keys.len() } else { removed })
    }

    async fn close(&self) -> Result<()> {
        let was = std::mem::replace(&mut self.state.lock().unwrap().closed, true);
        if was && self.fault == Fault::SecondCloseFails {
            return Err(Error::new(ErrorKind::Closed, "closing"));
        }
        Ok(())
    }
}
