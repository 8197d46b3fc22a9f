//! quick_cache: the fastest of the rivals, and the yardstick.

use crate::peer::{Peer, PeerKey, PeerValue};

/// `quick_cache::sync::Cache`.
pub struct Quick<K, V>(pub quick_cache::sync::Cache<K, V>);

/// What its row is called.
pub const NAME: &str = "quick_cache";

impl<K: PeerKey, V: PeerValue> Peer<K, V> for Quick<K, V> {
    const NAME: &'static str = NAME;

    fn with_room_for(capacity: u64) -> Self {
        Self(quick_cache::sync::Cache::new(capacity as usize))
    }

    fn get(&self, key: &K) -> Option<V> {
        self.0.get(key)
    }

    fn insert(&self, key: K, value: V) {
        self.0.insert(key, value);
    }
}
