//! The loop where time and money count: entries expire, and a miss costs what its load takes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use larder_core::EvictionPolicy;

use crate::chunk::{Chunk, FOREVER};
use crate::simulator::Simulator;
use crate::tally::{Replay, Tally};

/// The deadline of what never expires.
const NEVER: u64 = u64::MAX;
/// The deadline of what was there until it expired.
const EXPIRED: u64 = u64::MAX - 1;

/// A simulator with a clock, which the requests move on.
///
/// An entry lives from its load for as long as the request tells that missed; if that tells nothing, as long as the first
/// one does that finds it. Whatever has expired leaves before the next request is looked at, and the policy is told so. A
/// hit prolongs nothing. Requests that tell neither TTLs nor costs go to the simulator as they are, at its full speed.
///
/// Costs 8 bytes a key and 16 an entry with a deadline, and O(log n) a miss, where anything expires.
///
/// ```
/// use larder_lab::chunk::Chunk;
/// use larder_lab::clocked::Clocked;
/// use larder_lab::simulator::{Simulator, Weighing};
/// use larder_lab::tally::Replay;
/// use larder_policies::Lru;
///
/// let mut lru = Clocked::new(Simulator::new(Lru::new(2), 2, Weighing::Objects));
/// let (times, ttls, costs) = (vec![0, 4, 5], vec![5; 3], vec![300; 3]);
/// lru.feed(&Chunk { keys: vec![0, 0, 0], times, ttls, costs, reach: 1, ..Chunk::default() });
/// let tally = lru.tally();
/// assert_eq!((tally.misses, tally.expired, tally.load_micros), (2, 1, 600));
/// ```
#[derive(Debug)]
pub struct Clocked<P> {
    simulator: Simulator<P>,
    now: u64,
    /// When each key's entry expires; meaningless once it has been evicted.
    until: Vec<u64>,
    /// The deadlines, the next one on top; with those of entries that have left, which are dropped where they surface.
    due: BinaryHeap<Reverse<(u64, u32)>>,
    /// At so many deadlines those of entries that have left are looked for.
    many: usize,
    /// What the simulator does not count.
    own: Tally,
}

impl<P: EvictionPolicy> Clocked<P> {
    /// `simulator`, with a clock.
    pub fn new(simulator: Simulator<P>) -> Self {
        let (until, due) = (Vec::new(), BinaryHeap::new());
        Self { simulator, now: 0, until, due, many: 1024, own: Tally::default() }
    }

    fn request(&mut self, chunk: &Chunk, index: usize) {
        let key = chunk.keys[index];
        let (time, ttl) = chunk.life(index);
        self.now = self.now.max(time);
        self.expire();
        let is_hit = self.simulator.request(key, chunk.size(index));
        let until = &mut self.until[key as usize];
        if !is_hit {
            self.own.load(chunk, index);
            self.own.expired += u64::from(std::mem::replace(until, NEVER) == EXPIRED);
        }
        if *until == NEVER && ttl != FOREVER && self.simulator.holds(key) {
            *until = self.now.saturating_add(ttl).min(EXPIRED - 1);
            self.due.push(Reverse((*until, key)));
        }
    }

    /// Lets go of all whose deadline has passed.
    fn expire(&mut self) {
        while let Some(&Reverse((until, key))) = self.due.peek() {
            if until > self.now {
                break;
            }
            self.due.pop();
            if self.until[key as usize] == until && self.simulator.remove(key) {
                self.until[key as usize] = EXPIRED;
            }
        }
        if self.due.len() > self.many {
            let (until, simulator) = (&self.until, &self.simulator);
            self.due.retain(|Reverse((due, key))| until[*key as usize] == *due && simulator.holds(*key));
            self.many = self.due.len() * 2 + 1024;
        }
    }
}

impl<P: EvictionPolicy> Replay for Clocked<P> {
    fn feed(&mut self, chunk: &Chunk) {
        if chunk.ttls.is_empty() && chunk.costs.is_empty() && self.due.is_empty() {
            self.simulator.feed(chunk);
            return;
        }
        self.until.resize(chunk.reach.max(self.until.len()), NEVER);
        self.simulator.begin(chunk);
        (0..chunk.keys.len()).for_each(|index| self.request(chunk, index));
    }

    fn tally(&self) -> Tally {
        self.simulator.tally().plus(self.own)
    }
}
