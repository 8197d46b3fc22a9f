//! The hit with deadlines at work.

use std::hint::black_box;
use std::time::Duration;

use larder::MemoryOptions;
use larder::policies::Sieve;
use larder_bench::contestant::Contestant;
use larder_bench::workload::{Requests, number};

use super::hits::{number_entries, requests_for};

const RANKS: u64 = 10_000;
const HOUR: Duration = Duration::from_hours(1);

/// Ours without and with them, and the rivals with both kinds.
pub fn contestants() -> Vec<Contestant> {
    let requests = Requests::zipf(RANKS, requests_for(RANKS), number);
    vec![
        ours("larder, SIEVE, no deadlines", &requests, |options| options),
        ours("larder, SIEVE, TTL and jitter", &requests, |options| options.ttl(HOUR).jitter(0.1)),
        ours("larder, SIEVE, TTL, jitter and time-to-idle", &requests, |options| {
            options.ttl(HOUR).jitter(0.1).idle(HOUR)
        }),
        Contestant::new("moka, sync, TTL and time-to-idle", &requests, || {
            let cache = moka::sync::Cache::builder().max_capacity(2 * RANKS);
            let cache = cache.time_to_live(HOUR).time_to_idle(HOUR).build();
            number_entries(RANKS).into_iter().for_each(|(key, value)| cache.insert(key, value));
            move |key: &u64| black_box(cache.get(key)).is_some()
        }),
    ]
}

fn ours(
    name: &str,
    requests: &Requests<u64>,
    lives: fn(MemoryOptions<u64, u64>) -> MemoryOptions<u64, u64>,
) -> Contestant {
    Contestant::new(name, requests, move || {
        let memory = lives(MemoryOptions::new(2 * RANKS)).build(Sieve::new);
        number_entries(RANKS).into_iter().for_each(|(key, value)| memory.insert(key, value));
        move |key: &u64| black_box(memory.get(key)).is_some()
    })
}
