//! SR-LRU, the expert for recency in Cacheus: LRU that scans pass by.

use larder_core::Slot;

use crate::ghosts::{Ghosts, Limit};
use crate::lists::ListId;
use crate::queues::{Entry, Queues};

/// What was not used again, or not for long: victims are found here.
const SCAN: ListId = ListId(0);
/// What was used again.
const REUSED: ListId = ListId(1);
/// What SR-LRU has pushed out already, while there is room for it all the same.
const SPARE: ListId = ListId(2);
/// The ghosts' only list.
const HISTORY: ListId = ListId(0);

/// Ghosts for each slot ever used, at most.
const GHOSTS_PER_SLOT: usize = 4;

/// An LRU in two parts and a history. What is new goes into the part for scans, and what is hit there or comes back
/// into the other, which pushes its oldest back into the former. Every operation costs O(1) amortised.
#[derive(Debug)]
pub(crate) struct SrLru {
    queues: Queues<3>,
    /// Beside each slot.
    states: Vec<State>,
    history: Ghosts<Ghost>,
    capacity: u64,
    /// What the part for scans should weigh.
    scan_share: u64,
    /// The share follows the workload.
    adapts: bool,
    /// The new ones in the history, and the demoted ones in the cache.
    new: u64,
    demoted: u64,
}

/// How an entry got where it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// It was used more than once.
    #[default]
    Reused,
    /// It was used once.
    New,
    /// It was reused, but not for long.
    Demoted,
}

/// What is remembered of an entry that left.
#[derive(Clone, Copy, Debug, Default)]
struct Ghost {
    uses: u64,
    was_new: bool,
}

impl SrLru {
    pub(crate) fn new(capacity: u64, adapts: bool) -> Self {
        Self {
            queues: Queues::new(),
            states: Vec::new(),
            history: Ghosts::new(),
            capacity,
            scan_share: capacity / 2,
            adapts,
            new: 0,
            demoted: 0,
        }
    }

    pub(crate) fn entry(&self, slot: Slot) -> Entry {
        self.queues.entry(slot)
    }

    pub(crate) fn contains(&self, slot: Slot) -> bool {
        self.queues.list_of(slot).is_some()
    }

    /// Whether `slot` was pushed out.
    pub(crate) fn is_spare(&self, slot: Slot) -> bool {
        self.queues.list_of(slot) == Some(SPARE)
    }

    /// Whether any entry was pushed out and is still there.
    pub(crate) fn has_spare(&self) -> bool {
        !self.queues.is_empty(SPARE)
    }

    /// Takes the entry that was pushed out first.
    pub(crate) fn pop_spare(&mut self) -> Option<Slot> {
        let spare = self.queues.oldest(SPARE)?;
        self.queues.remove(spare);
        Some(spare)
    }

    /// The oldest of the part for scans, if that has more than its fixed share.
    pub(crate) fn overflow(&self) -> Option<Slot> {
        let over = !self.adapts && self.queues.weight(SCAN) > self.scan_share;
        over.then(|| self.queues.oldest(SCAN)).flatten()
    }

    /// Pushes out an entry that was used so often: it is in the history, but stays while there is room.
    pub(crate) fn push_out(&mut self, slot: Slot, uses: u64) {
        let entry = self.entry(slot);
        self.evict(slot, uses);
        self.queues.insert(SPARE, slot, entry);
        self.states[slot.index()] = State::Reused;
    }

    /// The victim that it proposes.
    pub(crate) fn next_victim(&self) -> Option<Slot> {
        self.queues.oldest(SCAN).or_else(|| self.queues.oldest(REUSED))
    }

    /// Adds an entry, and says how often it had been used when it left, if that is known.
    pub(crate) fn insert(&mut self, slot: Slot, entry: Entry) -> Option<u64> {
        self.states.resize(self.states.len().max(slot.index() + 1), State::New);
        self.states[slot.index()] = State::New;
        self.queues.insert(SCAN, slot, entry);
        let (_, ghost) = self.history.recall(entry.hash)?;
        if ghost.was_new {
            self.new = self.new.saturating_sub(1);
            self.favour_scan();
        }
        self.reuse(slot);
        Some(ghost.uses)
    }

    pub(crate) fn on_hit(&mut self, slot: Slot) {
        if self.states[slot.index()] == State::Demoted {
            self.favour_reused();
            self.demoted -= 1;
        }
        self.reuse(slot);
    }

    pub(crate) fn reweigh(&mut self, slot: Slot, weight: u32) {
        self.queues.reweigh(slot, weight);
    }

    /// Forgets an entry that was removed.
    pub(crate) fn remove(&mut self, slot: Slot) -> Option<Entry> {
        let entry = self.queues.remove(slot)?;
        self.demoted -= u64::from(self.states[slot.index()] == State::Demoted);
        Some(entry)
    }

    /// Moves an entry that was used so often to the history.
    pub(crate) fn evict(&mut self, slot: Slot, uses: u64) {
        let Some(entry) = self.remove(slot) else { return };
        let was_new = self.states[slot.index()] == State::New;
        self.new += u64::from(was_new);
        self.history.remember_with(HISTORY, entry, Ghost { uses, was_new }, self.limit());
    }

    pub(crate) fn resize(&mut self, capacity: u64) {
        self.capacity = capacity;
        self.scan_share = if self.adapts { self.scan_share.min(capacity) } else { capacity / 2 };
        self.history.trim(HISTORY, self.limit());
    }

    fn limit(&self) -> Limit {
        Limit { weight: self.capacity.saturating_sub(1), count: self.states.len() * GHOSTS_PER_SLOT }
    }

    fn reuse(&mut self, slot: Slot) {
        self.states[slot.index()] = State::Reused;
        self.queues.place(REUSED, slot);
        let rest = self.capacity - self.scan_share.min(self.capacity);
        let share = if self.adapts { rest } else { self.capacity / 2 };
        while self.queues.weight(REUSED) > share {
            let Some(oldest) = self.queues.oldest(REUSED).filter(|&oldest| oldest != slot) else {
                return;
            };
            self.queues.place(SCAN, oldest);
            self.states[oldest.index()] = State::Demoted;
            self.demoted += 1;
        }
    }

    /// A new entry left too soon.
    fn favour_scan(&mut self) {
        if self.adapts {
            let step = (self.demoted / self.new.max(1)).max(1);
            self.scan_share = self.scan_share.saturating_add(step).min(self.capacity.saturating_sub(1));
        }
    }

    /// A demoted entry was hit: it should have stayed.
    fn favour_reused(&mut self) {
        if self.adapts {
            let step = (self.new / self.demoted.max(1)).max(1);
            self.scan_share = self.scan_share.saturating_sub(step).max(1);
        }
    }
}
