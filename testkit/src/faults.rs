//! A store that fails on purpose: `Faulty`, scripted by operation, key and call.
//!
//! ```
//! use larder_core::{Env, Store, StoreExt};
//! use larder_testkit::{Faulty, MapStore, Op};
//!
//! let (env, manual) = Env::manual();
//! let store = Faulty::new(MapStore::<u64, &str>::new(&env), &env);
//! let lost = store.on(Op::Insert).nth(2).lose_reply();
//!
//! assert!(manual.block_on(store.put(1, "one")).is_ok());
//! assert!(manual.block_on(store.put(2, "two")).is_err(), "the second insert loses its reply");
//! assert_eq!(manual.block_on(store.value(&2)).unwrap(), Some("two"), "but it was done");
//! assert_eq!(lost.injected(), 1);
//! ```

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use larder_core::{Entry, Env, Error, ErrorKind, Filled, Lease, Lookup, Result, Store};

use crate::latch::{Latch, locked};

/// The operations of a store that a fault can be bound to. A batch counts as one call of its operation, and concerns
/// each of its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// `get` and `get_many`.
    Get,
    /// `lease`.
    Lease,
    /// `fill` and `fill_many`.
    Fill,
    /// `insert` and `insert_many`.
    Insert,
    /// `remove` and `remove_many`.
    Remove,
    /// `clear`.
    Clear,
    /// `flush`.
    Flush,
    /// `close`.
    Close,
}

/// A store around a store that fails, waits, hangs or loses its reply where its script says so.
///
/// Without rules it is the wrapped store. [`get_now`](Store::get_now) answers nothing while any rule may still apply
/// to a `get`, so that no call gets past the script.
///
/// # When something fails
///
/// That is what it is for: each rule says how. Errors of the wrapped store are passed on.
#[derive(Debug)]
pub struct Faulty<S: Store> {
    inner: S,
    faults: Faults<S::Key>,
}

impl<S: Store> Faulty<S> {
    /// `inner` with an empty script; delays are waited for in `env`.
    pub fn new(inner: S, env: &Env) -> Self {
        Self { inner, faults: Faults::new(env) }
    }

    /// The wrapped store.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// The script, to be kept when the store itself goes into a tower.
    pub fn faults(&self) -> Faults<S::Key> {
        self.faults.clone()
    }

    /// Begins a rule for `op`: short for `faults().on(op)`.
    pub fn on(&self, op: Op) -> Rule<S::Key> {
        self.faults.on(op)
    }
}

/// The script of a [`Faulty`] store. Rules can be added and lifted at any time; the clones share one script.
pub struct Faults<K> {
    script: Arc<Script<K>>,
}

struct Script<K> {
    env: Env,
    rules: Mutex<Vec<Armed<K>>>,
}

impl<K> Faults<K> {
    fn new(env: &Env) -> Self {
        Self { script: Arc::new(Script { env: env.clone(), rules: Mutex::default() }) }
    }

    /// Begins a rule for `op`. It concerns every call from now on, unless told otherwise.
    pub fn on(&self, op: Op) -> Rule<K> {
        self.rule(Some(op))
    }

    /// Begins a rule for every operation: the store is down.
    pub fn on_any(&self) -> Rule<K> {
        self.rule(None)
    }

    /// Lifts all rules, and releases who hangs.
    pub fn lift_all(&self) {
        for rule in std::mem::take(&mut *locked(&self.script.rules)) {
            rule.fault.lift();
        }
    }

    fn rule(&self, op: Option<Op>) -> Rule<K> {
        Rule { faults: self.clone(), op, concerns: None, calls: 1..=usize::MAX }
    }

    /// Does what the rules say happens before the operation. Whether its reply is to be lost.
    async fn before(&self, op: Op, keys: &[&K]) -> Result<bool> {
        let mut lose = false;
        for (fault, effect) in self.due(op, keys) {
            fault.0.count.fetch_add(1, Ordering::Relaxed);
            match effect {
                Effect::Fail(error) => return Err(error),
                Effect::Delay(duration) => self.script.env.sleep(duration).await,
                Effect::Hang => fault.0.released.wait().await,
                Effect::LoseReply => lose = true,
            }
        }
        Ok(lose)
    }

    /// The effects that this call has, in the order of the rules.
    fn due(&self, op: Op, keys: &[&K]) -> Vec<(Fault, Effect)> {
        let mut rules = locked(&self.script.rules);
        rules.retain(|rule| !rule.fault.is_lifted());
        rules
            .iter_mut()
            .filter_map(|rule| rule.apply(op, keys).then(|| (rule.fault.clone(), rule.effect.clone())))
            .collect()
    }

    fn may_apply_to(&self, op: Op) -> bool {
        locked(&self.script.rules).iter().any(|rule| rule.may_apply_to(op))
    }
}

impl<K> Clone for Faults<K> {
    fn clone(&self) -> Self {
        Self { script: Arc::clone(&self.script) }
    }
}

impl<K> fmt::Debug for Faults<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").field("rules", &locked(&self.script.rules).len()).finish_non_exhaustive()
    }
}

type Concerns<K> = Box<dyn Fn(&K) -> bool + Send + Sync>;

/// A rule in the making: which calls it concerns. The effect, named last, arms it.
#[must_use = "a rule does nothing until its effect is named"]
pub struct Rule<K> {
    faults: Faults<K>,
    op: Option<Op>,
    concerns: Option<Concerns<K>>,
    calls: RangeInclusive<usize>,
}

impl<K> Rule<K> {
    /// Only calls with a key that `concerns` says yes to. Operations without keys are no longer concerned.
    pub fn key(mut self, concerns: impl Fn(&K) -> bool + Send + Sync + 'static) -> Self {
        self.concerns = Some(Box::new(concerns));
        self
    }

    /// Only the `n`th such call from now on, counted from 1.
    pub const fn nth(mut self, n: usize) -> Self {
        self.calls = n..=n;
        self
    }

    /// Only the first `n` such calls from now on.
    pub const fn first(mut self, n: usize) -> Self {
        self.calls = 1..=n;
        self
    }

    /// The call fails, and nothing is done.
    pub fn fail(self) -> Fault {
        self.fail_with(Error::new(ErrorKind::Store, "a scripted fault"))
    }

    /// The call fails with `error`, and nothing is done.
    pub fn fail_with(self, error: Error) -> Fault {
        self.arm(Effect::Fail(error))
    }

    /// The call begins only after `duration`.
    pub fn delay(self, duration: Duration) -> Fault {
        self.arm(Effect::Delay(duration))
    }

    /// The call begins only when it is [released](Fault::release).
    pub fn hang(self) -> Fault {
        self.arm(Effect::Hang)
    }

    /// The call is done, and then fails: its caller can't know that it was done.
    pub fn lose_reply(self) -> Fault {
        self.arm(Effect::LoseReply)
    }

    fn arm(self, effect: Effect) -> Fault {
        let fault = Fault(Arc::default());
        let Self { faults, op, concerns, calls } = self;
        let armed = Armed { op, concerns, calls, seen: 0, effect, fault: fault.clone() };
        locked(&faults.script.rules).push(armed);
        fault
    }
}

impl<K> fmt::Debug for Rule<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule").field("op", &self.op).field("calls", &self.calls).finish_non_exhaustive()
    }
}

#[derive(Clone)]
enum Effect {
    Fail(Error),
    Delay(Duration),
    Hang,
    LoseReply,
}

/// A rule at work.
struct Armed<K> {
    op: Option<Op>,
    concerns: Option<Concerns<K>>,
    calls: RangeInclusive<usize>,
    seen: usize,
    effect: Effect,
    fault: Fault,
}

impl<K> Armed<K> {
    /// Counts the call if the rule concerns it. Whether it is one that the effect is for.
    fn apply(&mut self, op: Op, keys: &[&K]) -> bool {
        let concerned = self.op.is_none_or(|own| own == op)
            && self.concerns.as_ref().is_none_or(|concerns| keys.iter().any(|key| concerns(key)));
        if concerned {
            self.seen = self.seen.saturating_add(1);
        }
        concerned && self.calls.contains(&self.seen)
    }

    fn may_apply_to(&self, op: Op) -> bool {
        !self.fault.is_lifted() && self.op.is_none_or(|own| own == op) && self.seen < *self.calls.end()
    }
}

/// An armed rule: how often it struck, and the way to end it. The clones are one rule.
#[derive(Clone, Debug)]
pub struct Fault(Arc<Injected>);

#[derive(Debug, Default)]
struct Injected {
    count: AtomicUsize,
    lifted: AtomicBool,
    released: Latch,
}

impl Fault {
    /// How many calls it has struck.
    pub fn injected(&self) -> usize {
        self.0.count.load(Ordering::Relaxed)
    }

    /// Lets calls go on that hang here, now and later.
    pub fn release(&self) {
        self.0.released.open();
    }

    /// Ends the rule, and releases who hangs.
    pub fn lift(&self) {
        self.0.lifted.store(true, Ordering::Relaxed);
        self.release();
    }

    fn is_lifted(&self) -> bool {
        self.0.lifted.load(Ordering::Relaxed)
    }
}

/// The reply, unless it is to be lost.
fn reply<T>(done: Result<T>, lose: bool) -> Result<T> {
    match done {
        Ok(_) if lose => Err(Error::new(ErrorKind::Store, "a scripted loss of the reply")),
        done => done,
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Store> Store for Faulty<S> {
    type Key = S::Key;
    type Value = S::Value;

    async fn get(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        let lose = self.faults.before(Op::Get, &[key]).await?;
        reply(self.inner.get(key).await, lose)
    }

    fn get_now(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        if self.faults.may_apply_to(Op::Get) { None } else { self.inner.get_now(key) }
    }

    async fn lease(&self, key: &S::Key) -> Result<Lease> {
        let lose = self.faults.before(Op::Lease, &[key]).await?;
        reply(self.inner.lease(key).await, lose)
    }

    async fn fill(&self, key: S::Key, entry: Entry<S::Value>, lease: Lease) -> Result<Filled> {
        let lose = self.faults.before(Op::Fill, &[&key]).await?;
        reply(self.inner.fill(key, entry, lease).await, lose)
    }

    async fn insert(&self, key: S::Key, entry: Entry<S::Value>) -> Result<()> {
        let lose = self.faults.before(Op::Insert, &[&key]).await?;
        reply(self.inner.insert(key, entry).await, lose)
    }

    async fn remove(&self, key: &S::Key) -> Result<bool> {
        let lose = self.faults.before(Op::Remove, &[key]).await?;
        reply(self.inner.remove(key).await, lose)
    }

    async fn clear(&self) -> Result<()> {
        let lose = self.faults.before(Op::Clear, &[]).await?;
        reply(self.inner.clear().await, lose)
    }

    async fn get_many(&self, keys: &[S::Key]) -> Result<Vec<Lookup<S::Value>>> {
        let lose = self.faults.before(Op::Get, &keys.iter().collect::<Vec<_>>()).await?;
        reply(self.inner.get_many(keys).await, lose)
    }

    async fn fill_many(&self, entries: Vec<(S::Key, Entry<S::Value>, Lease)>) -> Result<Vec<Filled>> {
        let keys: Vec<_> = entries.iter().map(|(key, ..)| key).collect();
        let lose = self.faults.before(Op::Fill, &keys).await?;
        reply(self.inner.fill_many(entries).await, lose)
    }

    async fn insert_many(&self, entries: Vec<(S::Key, Entry<S::Value>)>) -> Result<()> {
        let keys: Vec<_> = entries.iter().map(|(key, _)| key).collect();
        let lose = self.faults.before(Op::Insert, &keys).await?;
        reply(self.inner.insert_many(entries).await, lose)
    }

    async fn remove_many(&self, keys: &[S::Key]) -> Result<usize> {
        let lose = self.faults.before(Op::Remove, &keys.iter().collect::<Vec<_>>()).await?;
        reply(self.inner.remove_many(keys).await, lose)
    }

    async fn flush(&self) -> Result<()> {
        let lose = self.faults.before(Op::Flush, &[]).await?;
        reply(self.inner.flush().await, lose)
    }

    async fn close(&self) -> Result<()> {
        let lose = self.faults.before(Op::Close, &[]).await?;
        reply(self.inner.close().await, lose)
    }
}
