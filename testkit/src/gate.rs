//! An origin whose every call waits for the test: `Gate` and `WriteGate`.
//!
//! ```
//! use larder_core::{Env, Loader};
//! use larder_testkit::Gate;
//!
//! let (env, manual) = Env::manual();
//! let gate = Gate::<u64, &str>::new();
//! let loader = gate.clone();
//! env.spawn(async move { assert!(loader.load(&7).await.unwrap().is_some()) })?;
//!
//! let call = manual.block_on(gate.next_call());
//! assert_eq!(*call.key(), 7);
//! assert_eq!(manual.run(), 1, "the load is parked");
//! call.release("seven");
//! assert_eq!(manual.run(), 0);
//! # Ok::<(), larder_core::Error>(())
//! ```

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use larder_core::{BoxFuture, Change, Entry, Error, Key, Loader, Result, Value, Writer};

use crate::latch::{locked, remember};

/// A loader that parks every load until the test answers it. The clones are one gate.
pub struct Gate<K, V>(Desk<Vec<K>, Vec<Option<Entry<V>>>>);

/// A load that is parked.
pub type LoadCall<K, V> = Call<Vec<K>, Vec<Option<Entry<V>>>>;

/// A writer that parks every write until the test answers it. The clones are one gate.
pub struct WriteGate<K, V>(Desk<Vec<Change<K, V>>, ()>);

/// A write that is parked.
pub type WriteCall<K, V> = Call<Vec<Change<K, V>>, ()>;

/// A call that is parked until it is answered. Dropping it unanswered leaves it parked for ever: an origin that never
/// replies.
pub struct Call<Q, A>(Arc<Parked<Q, A>>);

impl<K: Key, V: Value> Gate<K, V> {
    /// A gate at which nothing waits yet.
    pub fn new() -> Self {
        Self(Desk::default())
    }

    /// The load that has been parked for longest and was not handed out yet; waits for one.
    pub async fn next_call(&self) -> LoadCall<K, V> {
        self.0.next_call().await
    }

    /// The same without waiting.
    pub fn try_next_call(&self) -> Option<LoadCall<K, V>> {
        self.0.try_next_call()
    }

    /// How many loads have begun so far; a batch is one.
    pub fn calls(&self) -> usize {
        self.0.calls()
    }
}

impl<K: Key, V: Value> Loader<K, V> for Gate<K, V> {
    fn load<'a>(&'a self, key: &'a K) -> BoxFuture<'a, Result<Option<Entry<V>>>> {
        Box::pin(async move { Ok(self.0.ask(vec![key.clone()]).await?.into_iter().next().flatten()) })
    }

    fn load_many<'a>(&'a self, keys: &'a [K]) -> BoxFuture<'a, Result<Vec<Option<Entry<V>>>>> {
        Box::pin(self.0.ask(keys.to_vec()))
    }
}

impl<K: Key, V: Value> WriteGate<K, V> {
    /// A gate at which nothing waits yet.
    pub fn new() -> Self {
        Self(Desk::default())
    }

    /// The write that has been parked for longest and was not handed out yet; waits for one.
    pub async fn next_call(&self) -> WriteCall<K, V> {
        self.0.next_call().await
    }

    /// The same without waiting.
    pub fn try_next_call(&self) -> Option<WriteCall<K, V>> {
        self.0.try_next_call()
    }

    /// How many writes have begun so far; a batch is one.
    pub fn calls(&self) -> usize {
        self.0.calls()
    }
}

impl<K: Key, V: Value> Writer<K, V> for WriteGate<K, V> {
    fn write<'a>(&'a self, change: &'a Change<K, V>) -> BoxFuture<'a, Result<()>> {
        self.write_many(std::slice::from_ref(change))
    }

    fn write_many<'a>(&'a self, changes: &'a [Change<K, V>]) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.0.ask(changes.to_vec()))
    }
}

impl<Q, A> Call<Q, A> {
    /// What the call asks for: the keys, or the changes.
    pub fn asked(&self) -> &Q {
        &self.0.asked
    }

    /// Lets the call end with `answer`.
    pub fn answer(self, answer: A) {
        self.end(Outcome::Answer(Ok(answer)));
    }

    /// Lets the call end with `error`.
    pub fn fail(self, error: Error) {
        self.end(Outcome::Answer(Err(error)));
    }

    /// Lets the call panic.
    pub fn panic(self) {
        self.end(Outcome::Panic);
    }

    /// Whether the caller has dropped its future meanwhile.
    pub fn is_abandoned(&self) -> bool {
        locked(&self.0.state).abandoned
    }

    fn end(self, outcome: Outcome<A>) {
        let waker = {
            let mut state = locked(&self.0.state);
            state.outcome = Some(outcome);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<K: Key, V: Value> LoadCall<K, V> {
    /// The key that is loaded; the first, of a batch.
    ///
    /// # Panics
    ///
    /// If the call is an empty batch.
    pub fn key(&self) -> &K {
        &self.asked()[0]
    }

    /// The keys that are loaded.
    pub fn keys(&self) -> &[K] {
        self.asked()
    }

    /// Lets the load end with this value; a batch, with this value for every key.
    pub fn release(self, value: impl Into<Entry<V>>) {
        let answer = vec![Some(value.into()); self.asked().len()];
        self.answer(answer);
    }

    /// Lets the load end with the news that there is no such thing.
    pub fn absent(self) {
        let answer = vec![None; self.asked().len()];
        self.answer(answer);
    }
}

/// Where calls are parked.
struct Desk<Q, A>(Arc<Mutex<Waiting<Q, A>>>);

struct Waiting<Q, A> {
    parked: VecDeque<Arc<Parked<Q, A>>>,
    calls: usize,
    lookouts: Vec<Waker>,
}

struct Parked<Q, A> {
    asked: Q,
    state: Mutex<CallState<A>>,
}

struct CallState<A> {
    outcome: Option<Outcome<A>>,
    waker: Option<Waker>,
    abandoned: bool,
}

enum Outcome<A> {
    Answer(Result<A>),
    Panic,
}

impl<Q, A> Desk<Q, A> {
    /// Parks the call when it is first polled.
    async fn ask(&self, asked: Q) -> Result<A> {
        let caller = Caller(self.park(asked));
        let outcome = poll_fn(|context| {
            let mut state = locked(&caller.0.state);
            if state.outcome.is_none() {
                state.waker = Some(context.waker().clone());
            }
            state.outcome.take().map_or(Poll::Pending, Poll::Ready)
        });
        match outcome.await {
            Outcome::Answer(answer) => answer,
            Outcome::Panic => panic!("the test lets this call panic"),
        }
    }

    fn park(&self, asked: Q) -> Arc<Parked<Q, A>> {
        let state = Mutex::new(CallState { outcome: None, waker: None, abandoned: false });
        let parked = Arc::new(Parked { asked, state });
        let lookouts = {
            let mut waiting = locked(&self.0);
            waiting.parked.push_back(Arc::clone(&parked));
            waiting.calls += 1;
            std::mem::take(&mut waiting.lookouts)
        };
        lookouts.into_iter().for_each(Waker::wake);
        parked
    }

    async fn next_call(&self) -> Call<Q, A> {
        poll_fn(|context| {
            let mut waiting = locked(&self.0);
            if waiting.parked.is_empty() {
                remember(&mut waiting.lookouts, context.waker());
            }
            waiting.parked.pop_front().map_or(Poll::Pending, |parked| Poll::Ready(Call(parked)))
        })
        .await
    }

    fn try_next_call(&self) -> Option<Call<Q, A>> {
        locked(&self.0).parked.pop_front().map(Call)
    }

    fn calls(&self) -> usize {
        locked(&self.0).calls
    }
}

/// The caller's end of a parked call.
struct Caller<Q, A>(Arc<Parked<Q, A>>);

impl<Q, A> Drop for Caller<Q, A> {
    fn drop(&mut self) {
        locked(&self.0.state).abandoned = true;
    }
}

impl<Q, A> Default for Desk<Q, A> {
    fn default() -> Self {
        let waiting = Waiting { parked: VecDeque::new(), calls: 0, lookouts: Vec::new() };
        Self(Arc::new(Mutex::new(waiting)))
    }
}

impl<K, V> Clone for Gate<K, V> {
    fn clone(&self) -> Self {
        Self(Desk(Arc::clone(&self.0.0)))
    }
}

impl<K, V> Clone for WriteGate<K, V> {
    fn clone(&self) -> Self {
        Self(Desk(Arc::clone(&self.0.0)))
    }
}

impl<K, V> Default for Gate<K, V> {
    fn default() -> Self {
        Self(Desk::default())
    }
}

impl<K, V> Default for WriteGate<K, V> {
    fn default() -> Self {
        Self(Desk::default())
    }
}

impl<K, V> fmt::Debug for Gate<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("calls", &self.0.calls()).finish_non_exhaustive()
    }
}

impl<K, V> fmt::Debug for WriteGate<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteGate").field("calls", &self.0.calls()).finish_non_exhaustive()
    }
}

impl<Q, A> fmt::Debug for Call<Q, A> {
    /// Shows neither keys nor values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("abandoned", &self.is_abandoned()).finish_non_exhaustive()
    }
}
