//! Many keys in one call. Costs are for one key.

use std::cell::RefCell;
use std::hint::black_box;

use larder::EvictionPolicy;
use larder::policies::{Lru, Sieve};

use super::hits::{filled, number_entries, requests_for};
use super::yardsticks;
use crate::contestant::Contestant;
use crate::setting::Setting;
use crate::workload::{Requests, number};

const BATCH: usize = 32;

pub(super) fn contestants(setting: Setting, ranks: u64) -> Vec<Contestant> {
    let requests = Requests::zipf(ranks, requests_for(ranks), number);
    vec![
        yardsticks::map(&requests, move || number_entries(ranks)),
        Contestant::new("lru, 32 single gets", &requests, move || {
            let memory = filled(setting.roomy(ranks), Lru::new, number_entries(ranks));
            batched(move |keys| keys.iter().all(|key| black_box(memory.get(key)).is_some()))
        }),
        get_many("lru, get_many of 32", setting, &requests, ranks, Lru::new),
        get_many("sieve, get_many of 32", setting, &requests, ranks, Sieve::new),
    ]
}

fn get_many<P: EvictionPolicy>(
    name: &str,
    setting: Setting,
    requests: &Requests<u64>,
    ranks: u64,
    policy: fn(u64) -> P,
) -> Contestant {
    Contestant::new(name, requests, move || {
        let memory = filled(setting.roomy(ranks), policy, number_entries(ranks));
        batched(move |keys| black_box(memory.get_many(keys)).iter().all(Option::is_some))
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
