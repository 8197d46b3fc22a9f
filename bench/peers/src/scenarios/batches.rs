//! Many keys in one call, beside one call a key. Costs are for one key.

use std::cell::RefCell;
use std::hint::black_box;

use larder::policies::{Lru, Sieve};
use larder::{EvictionPolicy, Memory, MemoryOptions};
use larder_bench::contestant::Contestant;
use larder_bench::workload::{Requests, number};

use super::hits::{number_entries, requests_for};
use crate::peer::Peer;
use crate::peers::limits::Papaya;
use crate::peers::quick::Quick;

const RANKS: u64 = 1_000_000;
const BATCH: usize = 32;

/// Ours at once and one by one, and the best rivals one by one: none has a batch.
pub fn contestants() -> Vec<Contestant> {
    let requests = Requests::zipf(RANKS, requests_for(RANKS), number);
    vec![
        get_many("larder, SIEVE, get_many", &requests, Sieve::new),
        get_many("larder, LRU, get_many", &requests, Lru::new),
        Contestant::new("larder, SIEVE, single gets", &requests, || {
            let memory = filled(Sieve::new);
            batched(move |keys| keys.iter().all(|key| black_box(memory.get(key)).is_some()))
        }),
        singles::<Quick<u64, u64>>(&requests),
        singles::<Papaya<u64, u64>>(&requests),
    ]
}

fn get_many<P: EvictionPolicy>(name: &str, requests: &Requests<u64>, policy: fn(u64) -> P) -> Contestant {
    Contestant::new(name, requests, move || {
        let memory = filled(policy);
        batched(move |keys| black_box(memory.get_many(keys)).iter().all(Option::is_some))
    })
}

fn filled<P: EvictionPolicy>(policy: fn(u64) -> P) -> Memory<u64, u64, P> {
    let memory = MemoryOptions::new(2 * RANKS).build(policy);
    number_entries(RANKS).into_iter().for_each(|(key, value)| memory.insert(key, value));
    memory
}

fn singles<P: Peer<u64, u64>>(requests: &Requests<u64>) -> Contestant {
    Contestant::new(P::NAME, requests, || {
        let cache = P::with_room_for(2 * RANKS);
        number_entries(RANKS).into_iter().for_each(|(key, value)| cache.insert(key, value));
        batched(move |keys| keys.iter().all(|key| black_box(cache.get(key)).is_some()))
    })
}

thread_local! {
    static KEYS: RefCell<Vec<u64>> = RefCell::new(Vec::with_capacity(BATCH));
}

/// Collects keys, and calls `operation` with every 32 of them.
fn batched(operation: impl Fn(&[u64]) -> bool + Sync) -> impl Fn(&u64) -> bool + Sync {
    move |key| {
        KEYS.with_borrow_mut(|keys| {
            keys.push(*key);
            if keys.len() < BATCH {
                return true;
            }
            let hit = operation(keys);
            keys.clear();
            hit
        })
    }
}
