//! The slowest operations: each is timed by itself.

use std::time::Instant;

use hdrhistogram::Histogram;
use larder_bench::workload::{Requests, number};

use crate::peer::{Peer, PeerKey, PeerValue, field};

/// What the slow operations of one cache take, in nanoseconds, the clock's own cost among them.
pub struct Tail {
    /// Whose.
    pub name: &'static str,
    /// One in two.
    pub median: u64,
    /// One in ten thousand.
    pub p9999: u64,
    /// The slowest.
    pub worst: u64,
}

/// Look up and insert on a miss, 10 thousand keys of room for ten times as many: `operations` of each cache, in turns.
pub fn tails(operations: u64) -> Vec<Tail> {
    let requests = Requests::zipf(100_000, 1 << 20, number);
    field!(caches: u64, u64, tail(&requests, operations))
}

fn tail<P: Peer<K, V>, K: PeerKey + Into<V>, V: PeerValue>(requests: &Requests<K>, operations: u64) -> Tail {
    let cache = P::with_room_for(10_000);
    let mut times = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).expect("the bounds are allowed");
    for key in requests.keys.iter().cycle().take(operations as usize) {
        let start = Instant::now();
        if cache.get(key).is_none() {
            cache.insert(key.clone(), key.clone().into());
        }
        times.saturating_record(start.elapsed().as_nanos() as u64);
    }
    Tail {
        name: P::NAME,
        median: times.value_at_quantile(0.5),
        p9999: times.value_at_quantile(0.9999),
        worst: times.max(),
    }
}
