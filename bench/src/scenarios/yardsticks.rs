//! What the others are measured by: a bare hash map, and one behind a lock.

use std::collections::VecDeque;
use std::hash::Hash;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use parking_lot::Mutex;

use crate::contestant::Contestant;
use crate::workload::Requests;

pub(super) type Map<K, V> = HashMap<K, V, FixedState>;

/// A map without bound, expiry or lock: the lower limit of a hit.
pub(super) fn map<K, V, I>(requests: &Requests<K>, entries: impl FnOnce() -> I + 'static) -> Contestant
where
    K: Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    I: Iterator<Item = (K, V)>,
{
    Contestant::new("hash map, no lock", requests, move || {
        let map: Map<K, V> = entries().collect();
        move |key: &K| std::hint::black_box(map.get(key).cloned()).is_some()
    })
}

/// The same behind one mutex.
pub(super) fn locked_map<K, V, I>(requests: &Requests<K>, entries: impl FnOnce() -> I + 'static) -> Contestant
where
    K: Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    I: Iterator<Item = (K, V)>,
{
    Contestant::new("hash map, one mutex", requests, move || {
        let map: Mutex<Map<K, V>> = Mutex::new(entries().collect());
        move |key: &K| std::hint::black_box(map.lock().get(key).cloned()).is_some()
    })
}

/// The plainest bounded cache: a map and a queue behind one mutex; who came first leaves first.
pub(super) fn map_and_queue(requests: &Requests<u64>, capacity: u64) -> Contestant {
    Contestant::new("hash map and queue, one mutex", requests, move || {
        let cache = Mutex::new((Map::<u64, u64>::default(), VecDeque::new()));
        move |key: &u64| {
            let mut cache = cache.lock();
            let (map, queue) = &mut *cache;
            if map.get(key).is_some() {
                return true;
            }
            if map.len() as u64 >= capacity
                && let Some(first) = queue.pop_front()
            {
                map.remove(&first);
            }
            map.insert(*key, *key);
            queue.push_back(*key);
            false
        }
    })
}
