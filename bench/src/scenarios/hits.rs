//! The hit path: a key that is there.

use std::hint::black_box;
use std::sync::Arc;

use larder::policies::{Lru, S3Fifo, Sieve, WTinyLfu};
use larder::{EvictionPolicy, Key, Memory, Value};

use super::yardsticks;
use crate::contestant::Contestant;
use crate::setting::Setting;
use crate::workload::{Requests, number, shuffled, string};

/// `ranks` numbers.
pub(super) fn numbers(setting: Setting, ranks: u64) -> Vec<Contestant> {
    let requests = Requests::zipf(ranks, requests_for(ranks), number);
    all(setting, &requests, ranks, move || number_entries(ranks))
}

/// `ranks` strings, whose values are counted references.
pub(super) fn strings(setting: Setting, ranks: u64) -> Vec<Contestant> {
    let requests = Requests::zipf(ranks, requests_for(ranks) / 2, string);
    // One set of values for all contestants: they take turns.
    let values: Arc<[Page]> = (0..ranks).map(page).collect();
    all(setting, &requests, ranks, move || {
        let values = Arc::clone(&values);
        shuffled(ranks).into_iter().map(move |rank| (string(rank), Arc::clone(&values[rank as usize])))
    })
}

/// One of 10 thousand numbers, asked for by all threads all the time.
pub(super) fn one_key(setting: Setting) -> Vec<Contestant> {
    let requests = Requests::zipf(1, 1 << 10, number);
    all(setting, &requests, 10_000, || number_entries(10_000))
}

/// A value of 256 bytes.
pub(super) type Page = Arc<[u8; 256]>;

pub(super) fn page(rank: u64) -> Page {
    Arc::new([rank as u8; 256])
}

/// The entries of a store of numbers.
pub(super) fn number_entries(ranks: u64) -> impl Iterator<Item = (u64, u64)> {
    shuffled(ranks).into_iter().map(|rank| (number(rank), rank))
}

/// A memory store with these entries, none of which it evicts.
pub(super) fn filled<K: Key, V: Value, P: EvictionPolicy>(
    options: larder::MemoryOptions<K, V>,
    policy: impl Fn(u64) -> P,
    entries: impl Iterator<Item = (K, V)>,
) -> Memory<K, V, P> {
    let memory = options.build(policy);
    entries.for_each(|(key, value)| memory.insert(key, value));
    memory
}

/// So many that the popular keys come often, and the sequence is still read from near memory.
pub(super) const fn requests_for(ranks: u64) -> usize {
    if ranks > 100_000 { 1 << 20 } else { 1 << 16 }
}

fn all<K: Key, V: Value, I: Iterator<Item = (K, V)>>(
    setting: Setting,
    requests: &Requests<K>,
    ranks: u64,
    entries: impl Fn() -> I + Clone + 'static,
) -> Vec<Contestant> {
    vec![
        yardsticks::map(requests, entries.clone()),
        yardsticks::locked_map(requests, entries.clone()),
        hit("lru", setting, requests, ranks, Lru::new, entries.clone()),
        hit("sieve", setting, requests, ranks, Sieve::new, entries.clone()),
        hit("s3-fifo", setting, requests, ranks, S3Fifo::new, entries.clone()),
        hit("w-tinylfu", setting, requests, ranks, WTinyLfu::new, entries),
    ]
}

/// `Memory::get` under `policy`.
pub(super) fn hit<K: Key, V: Value, P: EvictionPolicy, I: Iterator<Item = (K, V)>>(
    name: &str,
    setting: Setting,
    requests: &Requests<K>,
    ranks: u64,
    policy: fn(u64) -> P,
    entries: impl FnOnce() -> I + 'static,
) -> Contestant {
    Contestant::new(name, requests, move || {
        let memory = filled(setting.roomy(ranks), policy, entries());
        move |key: &K| black_box(memory.get(key)).is_some()
    })
}
