//! A trace replayed by the lab: a hundred requests in one operation. Costs are for the hundred.

use std::collections::VecDeque;

use larder::lab::chunk::Chunk;
use larder::lab::contender::{Contender, Rules};
use larder::lab::simulator::Weighing;
use larder::lab::tally::{Replay, Tally};
use parking_lot::Mutex;

use crate::contestant::Contestant;
use crate::setting::Setting;
use crate::workload::Requests;

const AT_ONCE: usize = 100;
const KEYS: u64 = 100_000;
const CAPACITY: u64 = 10_000;

pub(super) fn contestants(_setting: Setting) -> Vec<Contestant> {
    let requests = requests();
    let plain = replay("fifo in plain arrays, no policy", &requests, || Box::new(PlainFifo::default()));
    let policies = ["fifo", "lru", "lfu", "sieve", "s3-fifo", "arc", "w-tinylfu"];
    let by_policy = policies.into_iter().filter_map(Contender::named).map(|contender| {
        let start = move || contender.replay(CAPACITY, Weighing::Objects, Rules::Engine);
        replay(contender.name(), &requests, start)
    });
    std::iter::once(plain).chain(by_policy).collect()
}

/// Numbered as the lab numbers them, in the order of their first appearance.
fn requests() -> Requests<Chunk> {
    let ranks = Requests::zipf(KEYS, 1 << 20, |rank| rank);
    let mut numbers = vec![u32::MAX; KEYS as usize];
    let mut reach = 0;
    let mut number = |rank: &u64| {
        let number = &mut numbers[*rank as usize];
        if *number == u32::MAX {
            *number = reach;
            reach += 1;
        }
        *number
    };
    let keys: Vec<u32> = ranks.keys.iter().map(&mut number).collect();
    let chunk = |keys: &[u32]| Chunk { keys: keys.to_vec(), reach: KEYS as usize, ..Chunk::default() };
    Requests { keys: keys.chunks_exact(AT_ONCE).map(chunk).collect() }
}

fn replay(
    name: &str,
    requests: &Requests<Chunk>,
    start: impl FnOnce() -> Box<dyn Replay> + 'static,
) -> Contestant {
    Contestant::new(name, requests, move || {
        let running = Mutex::new((start(), 0));
        move |chunk: &Chunk| {
            let (replay, told) = &mut *running.lock();
            replay.feed(chunk);
            // One in a hundred hits is told, so that the rate is right.
            let is_hit = replay.tally().hits() / AT_ONCE as u64 > *told;
            *told += u64::from(is_hit);
            is_hit
        }
    })
}

/// What nothing can be much faster than: who is there, and a queue.
#[derive(Default)]
struct PlainFifo {
    is_resident: Vec<bool>,
    queue: VecDeque<u32>,
    tally: Tally,
}

impl Replay for PlainFifo {
    fn feed(&mut self, chunk: &Chunk) {
        self.is_resident.resize(chunk.reach, false);
        for &key in &chunk.keys {
            if self.is_resident[key as usize] {
                continue;
            }
            self.tally.misses += 1;
            if self.queue.len() as u64 == CAPACITY
                && let Some(first) = self.queue.pop_front()
            {
                self.is_resident[first as usize] = false;
            }
            self.is_resident[key as usize] = true;
            self.queue.push_back(key);
        }
        self.tally.requests += chunk.keys.len() as u64;
    }

    fn tally(&self) -> Tally {
        self.tally
    }
}
