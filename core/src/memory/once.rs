//! One call per key: what threads that miss the same key together do about it.

use std::cell::Cell;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use hashbrown::HashTable;

use super::Memory;
use crate::sync::{Condvar, Mutex, ThreadId, current, wait};
use crate::{Entry, EvictionPolicy, Key, Lookup, Value};

impl<K: Key, V: Value, P: EvictionPolicy> Memory<K, V, P> {
    /// The value of `key`; if there is none, the one that `make` gives, which is stored. Threads that ask for one key
    /// at a time share one call of one of them; the others wait.
    ///
    /// If the call panics, it does so in its own thread only, and one of those that wait calls its own. A write during
    /// the call wins over what the call gives. A `make` that asks for its own key, or for one whose maker waits for this
    /// thread, is answered by its own inner `make`, unshared, instead of a deadlock.
    pub fn get_or_insert_with(&self, key: K, make: impl FnOnce() -> V) -> V {
        match self.try_get_or_insert_with(key, || Ok::<V, Infallible>(make())) {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }

    /// The same with a `make` that can fail. Its error goes to the caller whose `make` it was and is not kept; one of
    /// those that wait calls its own.
    pub fn try_get_or_insert_with<X>(&self, key: K, make: impl FnOnce() -> Result<V, X>) -> Result<V, X> {
        self.try_get_or_insert_entry_with(key, || make().map(Entry::new))
    }

    /// The same with a `make` that gives the value a life of its own.
    pub fn try_get_or_insert_entry_with<X>(
        &self,
        key: K,
        make: impl FnOnce() -> Result<Entry<V>, X>,
    ) -> Result<V, X> {
        let mut found = self.lookup(&key);
        loop {
            if let Lookup::Hit(entry) = found {
                return Ok(entry.into_value());
            }
            match self.0.calls.join(self.hash(&key), &key) {
                Role::Follow(call) => match call.wait() {
                    Outcome::Made(value) => return Ok(value),
                    Outcome::Failed => found = self.look_again(&key),
                    Outcome::Circular => return make().map(Entry::into_value),
                },
                Role::Lead(lead) => return self.lead(key, &lead, make),
            }
        }
    }

    fn lead<X>(
        &self,
        key: K,
        lead: &Lead<'_, K, V>,
        make: impl FnOnce() -> Result<Entry<V>, X>,
    ) -> Result<V, X> {
        // Another call may have ended between our miss and our turn.
        let lease = match self.look_again(&key) {
            Lookup::Hit(entry) => return Ok(lead.publish(entry.into_value())),
            Lookup::Miss(lease) => lease,
        };
        let entry = make()?;
        let value = entry.value().clone();
        let _ = self.fill_now(key, entry, lease);
        Ok(lead.publish(value))
    }

    /// A look-up that counts as nothing.
    fn look_again(&self, key: &K) -> Lookup<V> {
        let lease = self.lease_now(key);
        match self.peek(key, |value, life| Entry::with_life(value.clone(), life)) {
            Some(entry) => Lookup::Hit(entry),
            None => Lookup::Miss(lease),
        }
    }
}

/// The calls under way, by key, and how many there are.
pub(super) struct Calls<K, V> {
    table: Mutex<HashTable<UnderWay<K, V>>>,
    count: AtomicUsize,
}

struct UnderWay<K, V> {
    hash: u64,
    key: K,
    call: Arc<Call<V>>,
}

/// One call, and what came of it.
struct Call<V> {
    leader: ThreadId,
    state: Mutex<State<V>>,
    done: Condvar,
}

enum State<V> {
    UnderWay,
    Made(V),
    Failed,
}

enum Outcome<V> {
    Made(V),
    Failed,
    /// Waiting would never end.
    Circular,
}

enum Role<'a, K: Key, V: Value> {
    Lead(Lead<'a, K, V>),
    Follow(Arc<Call<V>>),
}

/// The leader's duty to end its call, kept even if it panics.
struct Lead<'a, K: Key, V: Value> {
    calls: &'a Calls<K, V>,
    hash: u64,
    call: Arc<Call<V>>,
    outcome: Cell<Option<V>>,
}

impl<K: Key, V: Value> Calls<K, V> {
    pub(super) fn new() -> Self {
        Self { table: Mutex::new(HashTable::new()), count: AtomicUsize::new(0) }
    }

    /// Lets who comes from now on not join a call that began before: the key was written. One relaxed load where no
    /// call is under way.
    pub(super) fn detach(&self, hash: u64) {
        if self.count.load(Ordering::Relaxed) != 0 {
            self.table.lock().retain(|under_way| under_way.hash != hash);
        }
    }

    /// The same for all keys.
    pub(super) fn detach_all(&self) {
        self.table.lock().clear();
    }

    fn join(&self, hash: u64, key: &K) -> Role<'_, K, V> {
        let mut table = self.table.lock();
        if let Some(same) = table.find(hash, |under_way| under_way.key == *key) {
            return Role::Follow(Arc::clone(&same.call));
        }
        let call = Arc::new(Call {
            leader: current().id(),
            state: Mutex::new(State::UnderWay),
            done: Condvar::new(),
        });
        let under_way = UnderWay { hash, key: key.clone(), call: Arc::clone(&call) };
        table.insert_unique(hash, under_way, |under_way| under_way.hash);
        self.count.fetch_add(1, Ordering::Relaxed);
        Role::Lead(Lead { calls: self, hash, call, outcome: Cell::new(None) })
    }
}

impl<K: Key, V: Value> Lead<'_, K, V> {
    /// Takes the call out of the table, unless a write did.
    fn free(&self) {
        let same = |under_way: &UnderWay<K, V>| Arc::ptr_eq(&under_way.call, &self.call);
        if let Ok(place) = self.calls.table.lock().find_entry(self.hash, same) {
            place.remove();
        }
        self.calls.count.fetch_sub(1, Ordering::Relaxed);
    }

    fn publish(&self, value: V) -> V {
        self.outcome.set(Some(value.clone()));
        value
    }
}

impl<K: Key, V: Value> Drop for Lead<'_, K, V> {
    fn drop(&mut self) {
        self.free();
        *self.call.state.lock() = self.outcome.take().map_or(State::Failed, State::Made);
        self.call.done.notify_all();
    }
}

/// For each thread that waits, the thread it waits for.
static WAITS: LazyLock<parking_lot::Mutex<HashMap<ThreadId, ThreadId>>> = LazyLock::new(Default::default);

impl<V: Clone> Call<V> {
    fn wait(&self) -> Outcome<V> {
        let mut state = self.state.lock();
        if matches!(*state, State::UnderWay) {
            let Some(_waiting) = Waiting::on(self.leader) else { return Outcome::Circular };
            while matches!(*state, State::UnderWay) {
                state = wait(&self.done, state);
            }
        }
        match &*state {
            State::Made(value) => Outcome::Made(value.clone()),
            State::UnderWay | State::Failed => Outcome::Failed,
        }
    }
}

/// Marks this thread as waiting, for as long as it lives.
struct Waiting(ThreadId);

impl Waiting {
    /// Says that this thread waits for `leader`, unless that one waits, through any others, for this thread.
    fn on(leader: ThreadId) -> Option<Self> {
        let me = current().id();
        let mut waits = WAITS.lock();
        let mut next = Some(leader);
        while let Some(thread) = next {
            if thread == me {
                return None;
            }
            next = waits.get(&thread).copied();
        }
        waits.insert(me, leader);
        Some(Self(me))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        WAITS.lock().remove(&self.0);
    }
}
