//! Look-ups and inserts together, with less room than keys.

use larder_bench::contestant::Contestant;
use larder_bench::workload::{Requests, number};

use crate::peer::{Peer, PeerKey, PeerValue, field, is_hit, warmed};

const RANKS: u64 = 1_000_000;

/// So many that nothing is learned by coming to the first again, if a client ever does: with two million, keys that are
/// too rare to keep come back in the same order each time around, and ghosts that reach as far find that out.
const REQUESTS: usize = 1 << 24;

/// Look up, insert on a miss, with room for a tenth of the keys.
pub fn read_mostly(exponent: f64) -> Vec<Contestant> {
    let requests = Requests::skewed(RANKS, exponent, REQUESTS, number);
    field!(caches: u64, u64, read_or_insert(&requests, RANKS / 10))
}

/// Every other operation is an insert. Which of the two is told by the lowest bit, so that no contestant has to count;
/// the key is the rest.
pub fn half_inserts() -> Vec<Contestant> {
    let keys = Requests::zipf(100_000, 1 << 20, number).keys;
    let turns = keys.iter().zip([0, 1].into_iter().cycle());
    let requests = Requests { keys: turns.map(|(key, turn)| key & !1 | turn).collect() };
    field!(caches: u64, u64, read_and_write(&requests, 10_000))
}

/// Popular keys and, between them, keys that never come again for a long time.
pub fn scan() -> Vec<Contestant> {
    let hot = Requests::zipf(10_000, 3 << 19, number);
    let mut fresh = 10_000..;
    let keys = hot.keys.chunks(3).flat_map(|three| {
        let scanned = fresh.next().map(number);
        three.iter().copied().chain(scanned)
    });
    let requests = Requests { keys: keys.collect() };
    field!(caches: u64, u64, read_or_insert(&requests, 8_000))
}

fn read_or_insert<P: Peer<K, V>, K: PeerKey + Into<V>, V: PeerValue>(
    requests: &Requests<K>,
    capacity: u64,
) -> Contestant {
    warmed(requests, capacity, |cache: &P, key: &K| {
        let hit = is_hit::<P, K, V>(cache, key);
        if !hit {
            cache.insert(key.clone(), key.clone().into());
        }
        hit
    })
}

// The three parameters are what `field!` gives to all.
#[allow(clippy::extra_unused_type_parameters)]
fn read_and_write<P: Peer<u64, u64>, K, V>(requests: &Requests<u64>, capacity: u64) -> Contestant {
    warmed(requests, capacity, |cache: &P, key: &u64| {
        let (key, is_insert) = (*key & !1, *key & 1 == 0);
        if is_insert {
            cache.insert(key, !key);
        }
        is_insert || is_hit(cache, &key)
    })
}
