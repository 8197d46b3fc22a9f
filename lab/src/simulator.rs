//! One policy, one capacity, and the requests of a trace: the loop around the policy code that runs in production.

use std::cell::Cell;

use larder_core::{EvictionPolicy, Hits, MarkTable, Marks, Slot};

use crate::chunk::Chunk;
use crate::tally::{Replay, Tally};

/// No slot.
const NONE: u32 = u32::MAX;

/// What entries weigh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighing {
    /// Each 1, whatever its size.
    Objects,
    /// Each its size.
    Sizes,
}

/// A cache without keys and values: slots, marks, and the policy that decides.
///
/// A request for a resident key is a hit, and is told to the policy as the engine would. Any other is a miss: unless
/// it is larger than [what is admitted](Self::admitting), `on_insert` and then `evict` until the weights fit. A hit
/// keeps the weight that the entry came with; nothing expires.
///
/// ```
/// use larder_lab::chunk::Chunk;
/// use larder_lab::simulator::{Simulator, Weighing};
/// use larder_lab::tally::Replay;
/// use larder_policies::Lru;
///
/// let mut lru = Simulator::new(Lru::new(2), 2, Weighing::Objects);
/// lru.feed(&Chunk { keys: vec![0, 1, 0, 2, 0, 1], reach: 3, ..Chunk::default() });
/// assert_eq!((lru.tally().requests, lru.tally().misses), (6, 4));
/// ```
pub struct Simulator<P = Box<dyn EvictionPolicy>> {
    policy: P,
    hits: Hits,
    /// Whether somebody must leave; asked after each hit, too, where `strict`.
    overflows: fn(&P, u64, u64) -> bool,
    strict: bool,
    room: Room,
    tally: Tally,
}

/// Who is where. 13 bytes a slot, and 4 a key that was ever asked for.
struct Room {
    /// The slot of each key.
    slots: Vec<u32>,
    held: Vec<Held>,
    marks: Table,
    free: Vec<u32>,
    used: u64,
    capacity: u64,
    /// The largest weight that is let in.
    largest: u64,
    weighing: Weighing,
}

#[derive(Clone, Copy)]
struct Held {
    key: u32,
    weight: u32,
}

struct Table(Vec<Cell<u8>>);

impl MarkTable for Table {
    fn get(&self, slot: Slot) -> u8 {
        self.0.get(slot.index()).map_or(0, Cell::get)
    }

    fn set(&self, slot: Slot, mark: u8) {
        if let Some(cell) = self.0.get(slot.index()) {
            cell.set(mark);
        }
    }
}

impl<P: EvictionPolicy> Simulator<P> {
    /// An empty cache of this capacity, in the unit of `weighing`.
    pub fn new(policy: P, capacity: u64, weighing: Weighing) -> Self {
        let hits = policy.hits();
        let room = Room {
            slots: Vec::new(),
            held: Vec::new(),
            marks: Table(Vec::new()),
            free: Vec::new(),
            used: 0,
            capacity,
            largest: capacity,
            weighing,
        };
        let overflows = |_: &P, used, capacity| used > capacity;
        Self { policy, hits, overflows, strict: false, room, tally: Tally::default() }
    }

    /// Asks the policy itself, after every request, whether somebody must leave: some papers keep parts of the cache
    /// within their shares although there is room.
    pub fn shedding(mut self, overflows: fn(policy: &P, used: u64, capacity: u64) -> bool) -> Self {
        self.overflows = overflows;
        self.strict = true;
        self
    }

    /// Lets nothing in that weighs more than `largest`, nor more than the capacity.
    pub fn admitting(mut self, largest: u64) -> Self {
        self.room.largest = largest.min(self.room.capacity);
        self
    }

    /// `hit` is called for each hit with the slot: a loop of its own for each way of telling.
    fn replay(&mut self, chunk: &Chunk, mut hit: impl FnMut(&mut P, &Table, u32)) {
        for (index, &key) in chunk.keys.iter().enumerate() {
            match self.room.slots.get(key as usize) {
                Some(&slot) if slot != NONE => {
                    hit(&mut self.policy, &self.room.marks, slot);
                    if self.strict {
                        self.shed();
                    }
                }
                _ => self.miss(key, chunk.size(index)),
            }
        }
    }

    #[inline(never)]
    fn miss(&mut self, key: u32, size: u32) {
        self.tally.misses += 1;
        self.tally.miss_bytes += u64::from(size);
        let weight = if self.room.weighing == Weighing::Sizes { size } else { 1 };
        if u64::from(weight) > self.room.largest {
            return;
        }
        let slot = self.room.enter(key, weight);
        self.policy.on_insert(slot, spread(key), weight);
        self.shed();
    }

    fn shed(&mut self) {
        while (self.overflows)(&self.policy, self.room.used, self.room.capacity) {
            let Some(victim) = self.policy.evict(&Marks::new(&self.room.marks)) else { return };
            self.room.leave(victim);
        }
    }
}

impl<P: EvictionPolicy> Replay for Simulator<P> {
    fn feed(&mut self, chunk: &Chunk) {
        if self.room.slots.len() < chunk.reach {
            self.room.slots.resize(chunk.reach, NONE);
        }
        match self.hits {
            Hits::Ignored => self.replay(chunk, |_, _, _| ()),
            Hits::Marked { max } => self.replay(chunk, |_, marks, slot| {
                let cell = &marks.0[slot as usize];
                if cell.get() < max {
                    cell.set(cell.get() + 1);
                }
            }),
            Hits::Noted => self.replay(chunk, |policy, _, slot| policy.on_hit(Slot(slot))),
        }
        self.tally.count(chunk);
    }

    fn tally(&self) -> Tally {
        self.tally
    }
}

impl<P> std::fmt::Debug for Simulator<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator")
            .field("capacity", &self.room.capacity)
            .field("tally", &self.tally)
            .finish_non_exhaustive()
    }
}

impl Room {
    fn enter(&mut self, key: u32, weight: u32) -> Slot {
        let held = Held { key, weight };
        let slot = if let Some(slot) = self.free.pop() {
            self.held[slot as usize] = held;
            self.marks.0[slot as usize].set(0);
            slot
        } else {
            self.held.push(held);
            self.marks.0.push(Cell::new(0));
            (self.held.len() - 1) as u32
        };
        self.slots[key as usize] = slot;
        self.used += u64::from(weight);
        Slot(slot)
    }

    fn leave(&mut self, slot: Slot) {
        let Held { key, weight } = self.held[slot.index()];
        self.used -= u64::from(weight);
        self.slots[key as usize] = NONE;
        self.free.push(slot.0);
    }
}

/// The hash of a key, by its number: all bits depend on all, and no two keys share one.
fn spread(key: u32) -> u64 {
    let mixed = (u64::from(key) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    mixed ^ (mixed >> 32)
}
