//! What every contestant can do.

use larder_bench::contestant::Contestant;
use larder_bench::workload::Requests;
use std::hash::Hash;
use std::hint::black_box;

/// What a key must be for every rival to take it.
pub trait PeerKey: Clone + Eq + Hash + Send + Sync + 'static {}
impl<T: Clone + Eq + Hash + Send + Sync + 'static> PeerKey for T {}

/// What a value must be for every rival to take it.
pub trait PeerValue: Clone + Send + Sync + 'static {}
impl<T: Clone + Send + Sync + 'static> PeerValue for T {}

/// A cache, with the settings its documentation shows first.
pub trait Peer<K, V>: Send + Sync + 'static {
    /// What its row is called.
    const NAME: &'static str;

    /// An empty one that keeps `capacity` entries.
    fn with_room_for(capacity: u64) -> Self;

    /// The value of `key`; a use of it.
    fn get(&self, key: &K) -> Option<V>;

    /// Writes the value of `key`.
    fn insert(&self, key: K, value: V);
}

/// The contestant that does `operation` with a cache for `capacity` entries that begins with `entries`.
pub fn contestant<P: Peer<K, V>, K: PeerKey, V: PeerValue>(
    requests: &Requests<K>,
    capacity: u64,
    entries: impl FnOnce() -> Vec<(K, V)> + 'static,
    operation: impl Fn(&P, &K) -> bool + Sync + 'static,
) -> Contestant {
    Contestant::new(P::NAME, requests, move || {
        let cache = P::with_room_for(capacity);
        entries().into_iter().for_each(|(key, value)| cache.insert(key, value));
        move |key: &K| operation(&cache, key)
    })
}

/// The same, empty at first, and warmed up.
pub fn warmed<P: Peer<K, V>, K: PeerKey, V: PeerValue>(
    requests: &Requests<K>,
    capacity: u64,
    operation: impl Fn(&P, &K) -> bool + Sync + 'static,
) -> Contestant {
    contestant(requests, capacity, Vec::new, operation).warmed(WARM_UP)
}

/// A look-up; whether it was a hit.
pub fn is_hit<P: Peer<K, V>, K, V>(cache: &P, key: &K) -> bool {
    black_box(cache.get(key)).is_some()
}

/// How many operations warm a cache up: half of them until its policy has seen what there is, the others to count hits.
const WARM_UP: u64 = 1 << 22;

/// One contestant of each cache, in the order of the tables: ours, the rivals, the limits. `$make` is a function of the
/// scenario, generic over the cache.
macro_rules! field {
    (caches: $key:ty, $value:ty, $make:ident ( $($argument:expr),* )) => {{
        use $crate::peers::{locked, others, ours, quick};
        vec![
            $make::<ours::Larder<$key, $value, larder::policies::Sieve>, $key, $value>($($argument),*),
            $make::<ours::Larder<$key, $value, larder::policies::QdClock>, $key, $value>($($argument),*),
            $make::<ours::Larder<$key, $value, larder::policies::S3Fifo>, $key, $value>($($argument),*),
            $make::<ours::Larder<$key, $value, larder::policies::Lru>, $key, $value>($($argument),*),
            $make::<ours::Larder<$key, $value, larder::policies::WTinyLfu>, $key, $value>($($argument),*),
            $make::<quick::Quick<$key, $value>, $key, $value>($($argument),*),
            $make::<others::MokaSync<$key, $value>, $key, $value>($($argument),*),
            $make::<others::MiniMoka<$key, $value>, $key, $value>($($argument),*),
            $make::<others::Foyer<$key, $value>, $key, $value>($($argument),*),
            $make::<others::SieveCache<$key, $value>, $key, $value>($($argument),*),
            $make::<others::SccCache<$key, $value>, $key, $value>($($argument),*),
            $make::<locked::LockedLru<$key, $value>, $key, $value>($($argument),*),
            $make::<locked::ShardedLru<$key, $value>, $key, $value>($($argument),*),
            $make::<locked::LockedSchnellru<$key, $value>, $key, $value>($($argument),*),
        ]
    }};
    (all: $key:ty, $value:ty, $make:ident ( $($argument:expr),* )) => {{
        use $crate::peers::limits;
        let mut all = $crate::peer::field!(caches: $key, $value, $make($($argument),*));
        all.push($make::<limits::Dashmap<$key, $value>, $key, $value>($($argument),*));
        all.push($make::<limits::Papaya<$key, $value>, $key, $value>($($argument),*));
        all
    }};
}
pub(crate) use field;
