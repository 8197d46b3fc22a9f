//! A contestant: a name, and how to do an operation many times.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::workload::{CLIENTS, Requests, WARMER};

/// Does operations on behalf of a client; how many of them were hits.
type Run = Box<dyn Fn(usize, u64) -> u64 + Sync>;

/// One row of a table: not built before it is needed.
pub struct Contestant {
    /// What its row is called.
    pub name: String,
    build: Box<dyn FnOnce() -> Run>,
    warm_up: u64,
}

/// A contestant that is ready.
pub struct Ready {
    /// What its row is called.
    pub name: String,
    /// The part of hits once it was warm, over requests that are the same for all; `None` for one that needs no warming.
    pub hit_rate: Option<f64>,
    run: Run,
}

impl Contestant {
    /// A contestant whose operation, for one key, is what `build` makes: it says whether it was a hit. Each client goes
    /// through the requests from where its last turn ended.
    pub fn new<K, O>(name: &str, requests: &Requests<K>, build: impl FnOnce() -> O + 'static) -> Self
    where
        K: Send + Sync + 'static,
        O: Fn(&K) -> bool + Sync + 'static,
    {
        let requests = requests.clone();
        let build = move || -> Run {
            let operation = build();
            let places: [_; CLIENTS] = std::array::from_fn(|client| AtomicUsize::new(requests.start(client)));
            Box::new(move |client, operations| {
                let place = &places[client % CLIENTS];
                let (hits, next) =
                    go_on(&requests.keys, place.load(Ordering::Relaxed), operations, &operation);
                place.store(next, Ordering::Relaxed);
                hits
            })
        };
        Self { name: name.to_owned(), build: Box::new(build), warm_up: 0 }
    }

    /// The same with so many operations before its first turn, by a client of their own. In their second half hits are
    /// counted: in turns the fast would be asked for more than the slow, and so be warmer.
    pub fn warmed(self, operations: u64) -> Self {
        Self { warm_up: operations, ..self }
    }

    /// Builds it, and warms it up.
    pub fn ready(self) -> Ready {
        let run = (self.build)();
        let half = self.warm_up / 2;
        run(WARMER, half);
        let hit_rate = (half > 0).then(|| run(WARMER, half) as f64 / half as f64);
        Ready { name: self.name, hit_rate, run }
    }
}

impl std::fmt::Debug for Contestant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Contestant").field(&self.name).finish()
    }
}

impl std::fmt::Debug for Ready {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Ready").field(&self.name).finish()
    }
}

impl Ready {
    /// Does `operations` as `client`; how many were hits.
    pub fn run(&self, client: usize, operations: u64) -> u64 {
        (self.run)(client, operations)
    }
}

/// The operation for the next keys in a circle, from `at`. How many hits, and where it ended.
fn go_on<K>(keys: &[K], mut at: usize, operations: u64, operation: &impl Fn(&K) -> bool) -> (u64, usize) {
    let (mut hits, mut left) = (0, operations as usize);
    while left > 0 {
        let end = keys.len().min(at + left);
        for key in &keys[at..end] {
            hits += u64::from(operation(black_box(key)));
        }
        left -= end - at;
        at = if end == keys.len() { 0 } else { end };
    }
    (hits, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_counted_once_it_is_warm() {
        let requests = Requests { keys: (0..400).collect() };
        let contestant = Contestant::new("", &requests, || |key: &i32| *key >= 350);
        assert_eq!(contestant.warmed(100).ready().hit_rate, Some(1.0));
        assert_eq!(Contestant::new("", &requests, || |_: &i32| true).ready().hit_rate, None);
    }

    #[test]
    fn a_turn_goes_on_where_the_last_one_ended_and_around() {
        let keys = [1, 2, 3, 4, 5];
        assert_eq!(go_on(&keys, 0, 3, &|key| *key > 1), (2, 3));
        assert_eq!(go_on(&keys, 3, 4, &|key| *key > 1), (3, 2));
        assert_eq!(go_on(&keys, 2, 11, &|_| true), (11, 3));
    }
}
