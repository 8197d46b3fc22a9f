//! The miss-and-insert path: ten times as many keys as room.

use std::hint::black_box;

use larder::EvictionPolicy;
use larder::policies::{Fifo, Lru, S3Fifo, Sieve, WTinyLfu};

use super::yardsticks;
use crate::contestant::Contestant;
use crate::setting::Setting;
use crate::workload::{Requests, number};

pub(super) fn contestants(setting: Setting, capacity: u64) -> Vec<Contestant> {
    let requests = Requests::zipf(10 * capacity, 1 << 20, number);
    vec![
        yardsticks::map_and_queue(&requests, capacity),
        read_or_insert("fifo", setting, &requests, capacity, Fifo::new),
        read_or_insert("lru", setting, &requests, capacity, Lru::new),
        read_or_insert("sieve", setting, &requests, capacity, Sieve::new),
        read_or_insert("s3-fifo", setting, &requests, capacity, S3Fifo::new),
        read_or_insert("w-tinylfu", setting, &requests, capacity, WTinyLfu::new),
    ]
}

fn read_or_insert<P: EvictionPolicy>(
    name: &str,
    setting: Setting,
    requests: &Requests<u64>,
    capacity: u64,
    policy: fn(u64) -> P,
) -> Contestant {
    Contestant::new(name, requests, move || {
        let memory = setting.bounded::<u64, u64>(capacity).build(policy);
        move |key: &u64| {
            let hit = black_box(memory.get(key)).is_some();
            if !hit {
                memory.insert(*key, *key);
            }
            hit
        }
    })
}
