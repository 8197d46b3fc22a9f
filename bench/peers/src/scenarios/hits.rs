//! A key that is there.

use std::sync::Arc;

use larder_bench::contestant::Contestant;
use larder_bench::workload::{Requests, number, shuffled, string};

use crate::peer::{Peer, PeerKey, PeerValue, contestant, field, is_hit};

/// `ranks` numbers.
pub fn numbers(ranks: u64) -> Vec<Contestant> {
    let requests = Requests::zipf(ranks, requests_for(ranks), number);
    field!(all: u64, u64, hit(&requests, ranks, move || number_entries(ranks)))
}

/// `ranks` strings, whose values are counted references: one set of values for all, for they take turns.
pub fn strings(ranks: u64) -> Vec<Contestant> {
    let requests = Requests::zipf(ranks, requests_for(ranks) / 2, string);
    let values: Arc<[Page]> = (0..ranks).map(page).collect();
    let entry = move |rank: u64| (string(rank), Arc::clone(&values[rank as usize]));
    let entries = move || shuffled(ranks).into_iter().map(&entry).collect();
    field!(all: String, Page, hit(&requests, ranks, entries.clone()))
}

/// One of 10 thousand numbers, asked for by all threads all the time.
pub fn one_key() -> Vec<Contestant> {
    let requests = Requests::zipf(1, 1 << 10, number);
    field!(all: u64, u64, hit(&requests, 10_000, || number_entries(10_000)))
}

/// A value of 256 bytes.
pub type Page = Arc<[u8; 256]>;

/// The value of `rank`.
pub fn page(rank: u64) -> Page {
    Arc::new([rank as u8; 256])
}

/// The entries of a store of numbers.
pub fn number_entries(ranks: u64) -> Vec<(u64, u64)> {
    shuffled(ranks).into_iter().map(|rank| (number(rank), rank)).collect()
}

/// So many that the popular keys come often, and the sequence is still read from near memory.
pub const fn requests_for(ranks: u64) -> usize {
    if ranks > 100_000 { 1 << 20 } else { 1 << 16 }
}

/// With room for twice as many, so that none is evicted.
fn hit<P: Peer<K, V>, K: PeerKey, V: PeerValue>(
    requests: &Requests<K>,
    ranks: u64,
    entries: impl FnOnce() -> Vec<(K, V)> + 'static,
) -> Contestant {
    contestant(requests, 2 * ranks, entries, is_hit::<P, K, V>)
}
