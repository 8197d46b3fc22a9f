//! One policy, one capacity, and the requests of a trace: the loop around the policy code that runs in production.

use std::cell::Cell;
use std::hint::black_box;

use larder_core::{EvictionPolicy, Hits, MarkTable, Marks, Slot};

use crate::chunk::Chunk;
use crate::tally::{Replay, Tally};

/// So many requests are made at a time, whose slots were looked up before: then those look-ups wait for memory together.
const AT_ONCE: usize = 32;

/// Below so many keys all slots are near the processor anyway.
const MANY: usize = 1 << 16;

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
    /// Whether somebody must leave, asked after every request; otherwise it is when the weights don't fit.
    overflows: Option<Overflows<P>>,
    room: Room,
    tally: Tally,
}

/// How a policy says, by what is used and the capacity, that somebody must leave.
type Overflows<P> = fn(policy: &P, used: u64, capacity: u64) -> bool;

/// Who is where. 9 bytes a slot, and 4 a key that was ever asked for.
struct Room {
    /// The slot of each key.
    slots: Vec<u32>,
    held: Vec<Held>,
    marks: Table,
    /// The slot that was freed last, which holds the number of the one before as its key.
    free: u32,
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

impl Table {
    fn count(&self, slot: u32, max: u8) {
        let cell = &self.0[slot as usize];
        if cell.get() < max {
            cell.set(cell.get() + 1);
        }
    }
}

impl<P: EvictionPolicy> Simulator<P> {
    /// An empty cache of this capacity, in the unit of `weighing`.
    pub fn new(policy: P, capacity: u64, weighing: Weighing) -> Self {
        let room = Room {
            slots: Vec::new(),
            held: Vec::new(),
            marks: Table(Vec::new()),
            free: NONE,
            used: 0,
            capacity,
            largest: capacity,
            weighing,
        };
        Self { policy, overflows: None, room, tally: Tally::default() }
    }

    /// Asks the policy itself, after every request, whether somebody must leave: some papers keep parts of the cache
    /// within their shares although there is room.
    pub fn shedding(mut self, overflows: fn(policy: &P, used: u64, capacity: u64) -> bool) -> Self {
        self.overflows = Some(overflows);
        self
    }

    /// Lets nothing in that weighs more than `largest`, nor more than the capacity.
    pub fn admitting(mut self, largest: u64) -> Self {
        self.room.largest = largest.min(self.room.capacity);
        self
    }

    /// `hit` is called for each hit with the slot: a loop of its own for each way of telling.
    #[inline]
    fn replay(&mut self, chunk: &Chunk, mut hit: impl FnMut(&mut P, &Table, u32)) {
        for (block, keys) in chunk.keys.chunks(AT_ONCE).enumerate() {
            self.room.look_up(keys);
            for (index, &key) in (block * AT_ONCE..).zip(keys) {
                match self.room.slots.get(key as usize) {
                    Some(&slot) if slot != NONE => {
                        hit(&mut self.policy, &self.room.marks, slot);
                        if let Some(overflows) = self.overflows {
                            self.shed(overflows);
                        }
                    }
                    _ => self.miss(key, chunk.size(index)),
                }
            }
        }
    }

    #[inline]
    fn miss(&mut self, key: u32, size: u32) {
        self.tally.misses += 1;
        self.tally.miss_bytes += u64::from(size);
        let weight = if self.room.weighing == Weighing::Sizes { size } else { 1 };
        if u64::from(weight) > self.room.largest {
            return;
        }
        let slot = self.room.enter(key, weight);
        self.policy.on_insert(slot, spread(key), weight);
        match self.overflows {
            Some(overflows) => self.shed(overflows),
            None => while self.room.used > self.room.capacity && self.evict() {},
        }
    }

    #[inline(never)]
    fn shed(&mut self, overflows: Overflows<P>) {
        while overflows(&self.policy, self.room.used, self.room.capacity) && self.evict() {}
    }

    /// Lets the policy's victim leave, and says whether there was one.
    #[inline]
    fn evict(&mut self) -> bool {
        let victim = self.policy.evict(&Marks::new(&self.room.marks));
        victim.inspect(|&victim| self.room.leave(victim)).is_some()
    }
}

impl<P: EvictionPolicy> Replay for Simulator<P> {
    fn feed(&mut self, chunk: &Chunk) {
        self.room.reach(chunk);
        match self.policy.hits() {
            Hits::Ignored => self.replay(chunk, |_, _, _| ()),
            Hits::Marked { max } => self.replay(chunk, |_, marks, slot| marks.count(slot, max)),
            Hits::Noted => self.replay(chunk, |policy, _, slot| policy.on_hit(Slot(slot))),
        }
        self.tally.count(chunk);
    }

    fn tally(&self) -> Tally {
        self.tally
    }
}

/// For those who decide request by request what happens.
impl<P: EvictionPolicy> Simulator<P> {
    /// Counts the requests of `chunk`, which are made one by one then.
    pub(crate) fn begin(&mut self, chunk: &Chunk) {
        self.room.reach(chunk);
        self.tally.count(chunk);
    }

    /// One request. Whether it is a hit.
    pub(crate) fn request(&mut self, key: u32, size: u32) -> bool {
        let Some(slot) = self.room.slot(key) else {
            self.miss(key, size);
            return false;
        };
        match self.policy.hits() {
            Hits::Ignored => {}
            Hits::Marked { max } => self.room.marks.count(slot, max),
            Hits::Noted => self.policy.on_hit(Slot(slot)),
        }
        if let Some(overflows) = self.overflows {
            self.shed(overflows);
        }
        true
    }

    /// Whether there is an entry.
    pub(crate) fn holds(&self, key: u32) -> bool {
        self.room.slot(key).is_some()
    }

    /// Takes the entry out, if there is one.
    pub(crate) fn remove(&mut self, key: u32) -> bool {
        let Some(slot) = self.room.slot(key).map(Slot) else { return false };
        self.policy.on_remove(slot);
        self.room.leave(slot);
        true
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
    /// Makes places for the keys of `chunk`. Tables grow by an eighth: twice as much would be more than what is in them.
    fn reach(&mut self, chunk: &Chunk) {
        let missing = chunk.reach.saturating_sub(self.slots.len());
        if missing > self.slots.capacity() - self.slots.len() {
            self.slots.reserve_exact(missing.max(self.slots.len() / 8));
        }
        self.slots.resize(self.slots.len() + missing, NONE);
    }

    /// Touches the slots of `keys`, where there are so many that they may be far away.
    #[inline]
    fn look_up(&self, keys: &[u32]) {
        if self.slots.len() >= MANY {
            black_box(keys.iter().fold(0, |all, &key| all ^ self.slots[key as usize]));
        }
    }

    fn slot(&self, key: u32) -> Option<u32> {
        self.slots.get(key as usize).copied().filter(|slot| *slot != NONE)
    }

    #[inline]
    fn enter(&mut self, key: u32, weight: u32) -> Slot {
        let held = Held { key, weight };
        let slot = self.free;
        let slot = if let Some(place) = self.held.get_mut(slot as usize) {
            self.free = std::mem::replace(place, held).key;
            self.marks.0[slot as usize].set(0);
            slot
        } else {
            self.grow(held)
        };
        self.slots[key as usize] = slot;
        self.used += u64::from(weight);
        Slot(slot)
    }

    /// One more slot.
    #[cold]
    fn grow(&mut self, held: Held) -> u32 {
        if self.held.len() == self.held.capacity() {
            let more = self.held.len() / 8 + 64;
            self.held.reserve_exact(more);
            self.marks.0.reserve_exact(more);
        }
        self.held.push(held);
        self.marks.0.push(Cell::new(0));
        (self.held.len() - 1) as u32
    }

    #[inline]
    fn leave(&mut self, slot: Slot) {
        let held = &mut self.held[slot.index()];
        let Held { key, weight } = *held;
        held.key = std::mem::replace(&mut self.free, slot.0);
        self.used -= u64::from(weight);
        self.slots[key as usize] = NONE;
    }
}

/// The hash of a key, by its number: all bits depend on all, and no two keys share one.
fn spread(key: u32) -> u64 {
    let mixed = (u64::from(key) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    mixed ^ (mixed >> 32)
}
