//! The calls under way that threads with the same miss share.

use std::cell::Cell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use foldhash::fast::FixedState;

use crate::sync::{Condvar, Mutex, ThreadId, current};
use crate::{Key, Value};

/// The calls under way, by key, and how many there are.
pub(super) struct Calls<K, V> {
    table: Mutex<Table<K, V>>,
    count: AtomicUsize,
}

/// The calls under way by the hashes of their keys.
type Table<K, V> = HashMap<u64, Vec<UnderWay<K, V>>, FixedState>;

struct UnderWay<K, V> {
    key: K,
    call: Arc<Call<V>>,
}

/// One call, and what came of it.
pub(super) struct Call<V> {
    leader: ThreadId,
    state: Mutex<State<V>>,
    done: Condvar,
}

enum State<V> {
    UnderWay,
    Made(V),
    Failed,
}

pub(super) enum Outcome<V> {
    Made(V),
    Failed,
    /// Waiting would never end.
    Circular,
}

pub(super) enum Role<'a, K: Key, V: Value> {
    Lead(Lead<'a, K, V>),
    Follow(Arc<Call<V>>),
}

/// The leader's duty to end its call, kept even if it panics.
pub(super) struct Lead<'a, K: Key, V: Value> {
    calls: &'a Calls<K, V>,
    hash: u64,
    call: Arc<Call<V>>,
    outcome: Cell<Option<V>>,
}

impl<K: Key, V: Value> Calls<K, V> {
    pub(super) fn new() -> Self {
        Self { table: Mutex::new(HashMap::default()), count: AtomicUsize::new(0) }
    }

    /// Lets who comes from now on not join a call that began before: the key was written. One relaxed load where no
    /// call is under way.
    #[inline]
    pub(super) fn detach(&self, hash: u64) {
        if self.count.load(Ordering::Relaxed) != 0 {
            self.detach_under_way(hash);
        }
    }

    #[cold]
    fn detach_under_way(&self, hash: u64) {
        self.table.lock().remove(&hash);
    }

    /// The same for all keys.
    pub(super) fn detach_all(&self) {
        self.table.lock().clear();
    }

    pub(super) fn join(&self, hash: u64, key: &K) -> Role<'_, K, V> {
        let mut table = self.table.lock();
        let alike = table.entry(hash).or_default();
        if let Some(same) = alike.iter().find(|under_way| under_way.key == *key) {
            return Role::Follow(Arc::clone(&same.call));
        }
        let call = Arc::new(Call {
            leader: current().id(),
            state: Mutex::new(State::UnderWay),
            done: Condvar::new(),
        });
        alike.push(UnderWay { key: key.clone(), call: Arc::clone(&call) });
        self.count.fetch_add(1, Ordering::Relaxed);
        Role::Lead(Lead { calls: self, hash, call, outcome: Cell::new(None) })
    }
}

impl<K: Key, V: Value> Lead<'_, K, V> {
    /// Takes the call out of the table, unless a write did.
    fn free(&self) {
        if let Entry::Occupied(mut alike) = self.calls.table.lock().entry(self.hash) {
            alike.get_mut().retain(|under_way| !Arc::ptr_eq(&under_way.call, &self.call));
            if alike.get().is_empty() {
                alike.remove();
            }
        }
        self.calls.count.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn publish(&self, value: V) -> V {
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
static WAITS: LazyLock<crate::sync::plain::Mutex<HashMap<ThreadId, ThreadId>>> =
    LazyLock::new(Default::default);

impl<V: Clone> Call<V> {
    pub(super) fn wait(&self) -> Outcome<V> {
        let mut state = self.state.lock();
        if matches!(*state, State::UnderWay) {
            let Some(_waiting) = Waiting::on(self.leader) else { return Outcome::Circular };
            while matches!(*state, State::UnderWay) {
                state = self.done.wait(state);
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
