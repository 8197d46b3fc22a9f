//! Larder's memory store, under several policies.

use larder::policies::{Lru, QdClock, S3Fifo, Sieve, WTinyLfu};
use larder::{Memory, MemoryOptions};

use crate::peer::{Peer, PeerKey, PeerValue};

/// The store with the policy `P`.
pub struct Larder<K, V, P>(pub Memory<K, V, P>);

macro_rules! peer {
    ($policy:ty, $name:literal) => {
        impl<K: PeerKey, V: PeerValue> Peer<K, V> for Larder<K, V, $policy> {
            const NAME: &'static str = $name;

            fn with_room_for(capacity: u64) -> Self {
                Self(MemoryOptions::new(capacity).build(<$policy>::new))
            }

            fn get(&self, key: &K) -> Option<V> {
                self.0.get(key)
            }

            fn insert(&self, key: K, value: V) {
                self.0.insert(key, value);
            }
        }
    };
}

peer!(Sieve, "larder, SIEVE");
peer!(QdClock, "larder, QD-CLOCK");
peer!(S3Fifo, "larder, S3-FIFO");
peer!(Lru, "larder, LRU");
peer!(WTinyLfu, "larder, W-TinyLFU");
