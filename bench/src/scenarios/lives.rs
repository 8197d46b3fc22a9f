//! The hit path with deadlines: what TTL, jitter and time-to-idle add.

use std::hint::black_box;
use std::time::Duration;

use larder::MemoryOptions;
use larder::policies::Lru;

use super::hits::{filled, number_entries, requests_for};
use super::yardsticks;
use crate::contestant::Contestant;
use crate::setting::Setting;
use crate::workload::{Requests, number};

const RANKS: u64 = 10_000;
const HOUR: Duration = Duration::from_hours(1);

pub(super) fn contestants(setting: Setting) -> Vec<Contestant> {
    let requests = Requests::zipf(RANKS, requests_for(RANKS), number);
    vec![
        yardsticks::map(&requests, || number_entries(RANKS)),
        hit("lru, no deadlines", setting, &requests, |options| options),
        hit("lru, TTL", setting, &requests, |options| options.ttl(HOUR)),
        hit("lru, TTL and jitter", setting, &requests, |options| options.ttl(HOUR).jitter(0.1)),
        hit("lru, time-to-idle", setting, &requests, |options| options.idle(HOUR)),
        hit("lru, all three", setting, &requests, |options| options.ttl(HOUR).jitter(0.1).idle(HOUR)),
    ]
}

fn hit(
    name: &str,
    setting: Setting,
    requests: &Requests<u64>,
    lives: fn(MemoryOptions<u64, u64>) -> MemoryOptions<u64, u64>,
) -> Contestant {
    Contestant::new(name, requests, move || {
        let memory = filled(lives(setting.roomy(RANKS)), Lru::new, number_entries(RANKS));
        move |key: &u64| black_box(memory.get(key)).is_some()
    })
}
