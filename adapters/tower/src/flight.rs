//! One call for all who miss one key at the same time.

use std::collections::HashMap;
use std::future::poll_fn;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use larder_core::{Key, Value};

/// The calls under way, by key.
pub(crate) struct Flights<K, V> {
    table: Mutex<HashMap<K, Arc<Flight<V>>>>,
    /// How many have ended. Raised under the table's lock.
    ended: AtomicU64,
}

/// One call, as those see it who wait for it.
pub(crate) struct Flight<V>(Mutex<State<V>>);

struct State<V> {
    phase: Phase<V>,
    waiting: Vec<Waker>,
}

enum Phase<V> {
    Flying,
    /// The store is being given the value.
    Filling,
    Landed(Outcome<V>),
}

/// What came of a call.
#[derive(Clone)]
pub(crate) enum Outcome<V> {
    /// The store has it.
    Kept(V),
    /// The store refused it: the key was written meanwhile.
    Void,
    /// It is nothing to be kept.
    Passed,
    /// It failed, panicked or was given up.
    Lost,
}

/// The part that a request has in a call.
pub(crate) enum Part<'a, K: Key, V: Value> {
    Lead(Lead<'a, K, V>),
    /// To wait. `is_late`: the store may have been given the value already, and may have lost it since.
    Wait {
        flight: Arc<Flight<V>>,
        is_late: bool,
    },
    /// Some call ended since the look-up: it may have been for this key.
    LookAgain,
}

impl<K: Key, V: Value> Flights<K, V> {
    pub(crate) fn new() -> Self {
        Self { table: Mutex::new(HashMap::new()), ended: AtomicU64::new(0) }
    }

    /// To be read before the look-up.
    pub(crate) fn ended(&self) -> u64 {
        self.ended.load(Ordering::Acquire)
    }

    /// The call for `key` that is under way, or the duty to make one. `seen` is what [`ended`](Self::ended) said; `None` if
    /// it doesn't matter.
    pub(crate) fn join(&self, key: &K, seen: Option<u64>) -> Part<'_, K, V> {
        let mut table = locked(&self.table);
        if let Some(flight) = table.get(key) {
            let is_late = !matches!(locked(&flight.0).phase, Phase::Flying);
            return Part::Wait { flight: Arc::clone(flight), is_late };
        }
        if seen.is_some_and(|seen| seen != self.ended()) {
            return Part::LookAgain;
        }
        let flight = Arc::new(Flight(Mutex::new(State { phase: Phase::Flying, waiting: Vec::new() })));
        table.insert(key.clone(), Arc::clone(&flight));
        Part::Lead(Lead { flights: self, key: key.clone(), flight, outcome: Outcome::Lost })
    }
}

impl<V: Value> Flight<V> {
    /// Waits for the outcome.
    pub(crate) async fn wait(&self) -> Outcome<V> {
        poll_fn(|context| {
            let mut state = locked(&self.0);
            if let Phase::Landed(outcome) = &state.phase {
                return Poll::Ready(outcome.clone());
            }
            if !state.waiting.iter().any(|known| known.will_wake(context.waker())) {
                state.waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await
    }
}

/// The duty to call for all who wait. Dropped before it has landed, the call is lost.
pub(crate) struct Lead<'a, K: Key, V: Value> {
    flights: &'a Flights<K, V>,
    key: K,
    flight: Arc<Flight<V>>,
    outcome: Outcome<V>,
}

impl<K: Key, V: Value> Lead<'_, K, V> {
    /// Says that the store is about to be given the value.
    pub(crate) fn fills(&self) {
        locked(&self.flight.0).phase = Phase::Filling;
    }

    /// Ends the call with `outcome`, for all who wait.
    pub(crate) fn land(mut self, outcome: Outcome<V>) {
        self.outcome = outcome;
    }
}

impl<K: Key, V: Value> Drop for Lead<'_, K, V> {
    /// Frees the key, then wakes: who looks again when woken must not meet this call.
    fn drop(&mut self) {
        let former = {
            let mut table = locked(&self.flights.table);
            self.flights.ended.fetch_add(1, Ordering::AcqRel);
            table.remove_entry(&self.key)
        };
        drop(former);
        let waiting = {
            let mut state = locked(&self.flight.0);
            state.phase = Phase::Landed(mem::replace(&mut self.outcome, Outcome::Lost));
            mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// The lock, even if a key's `Eq` panicked while it was held: the table is whole at every such point.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
