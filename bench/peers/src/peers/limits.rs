//! Maps, not caches: no bound, no expiry. What a hit could cost at best.

use foldhash::fast::RandomState;

use crate::peer::{Peer, PeerKey, PeerValue};

/// `dashmap::DashMap`.
pub struct Dashmap<K, V>(dashmap::DashMap<K, V, RandomState>);

/// Whether a row of this name is a limit, not a rival.
pub fn is_limit(name: &str) -> bool {
    name.ends_with("(a map)")
}

impl<K: PeerKey, V: PeerValue> Peer<K, V> for Dashmap<K, V> {
    const NAME: &'static str = "dashmap (a map)";

    fn with_room_for(capacity: u64) -> Self {
        Self(dashmap::DashMap::with_capacity_and_hasher(capacity as usize, RandomState::default()))
    }

    fn get(&self, key: &K) -> Option<V> {
        self.0.get(key).map(|value| value.clone())
    }

    fn insert(&self, key: K, value: V) {
        self.0.insert(key, value);
    }
}

/// `papaya::HashMap`.
pub struct Papaya<K, V>(papaya::HashMap<K, V, RandomState>);

impl<K: PeerKey, V: PeerValue> Peer<K, V> for Papaya<K, V> {
    const NAME: &'static str = "papaya (a map)";

    fn with_room_for(capacity: u64) -> Self {
        Self(papaya::HashMap::with_capacity_and_hasher(capacity as usize, RandomState::default()))
    }

    fn get(&self, key: &K) -> Option<V> {
        self.0.pin().get(key).cloned()
    }

    fn insert(&self, key: K, value: V) {
        self.0.pin().insert(key, value);
    }
}
