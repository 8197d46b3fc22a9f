//! LRU-K: the time between uses, not the time since the last.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::ghosts::{Ghosts, Limit};
use crate::heap::Heap;
use crate::lists::ListId;
use crate::queues::Entry;

/// The ghosts' only list.
const HISTORY: ListId = ListId(0);
/// Ghosts for each slot ever used, at most.
const GHOSTS_PER_SLOT: usize = 4;

/// LRU-K with K = 2 (E. J. O'Neil, P. E. O'Neil, G. Weikum, "The LRU-K page replacement algorithm for database disk
/// buffering", SIGMOD, 1993): the entry leaves whose last use but one is the longest ago.
///
/// Entries used only once leave before all others, the one not used longest first (the paper leaves that open and
/// proposes LRU). When an entry left was used last is remembered for as much weight as the cache holds, so that one
/// back soon counts as used twice; the paper bounds that memory by time. Uses that follow each other within the
/// *correlated reference period* count as one, and keep the entry in: [`correlated_within`](Self::correlated_within).
/// By default there is no such period; where uses come in bursts, a third of the number of entries is worth a try.
/// If all entries are within it, the one not used longest leaves (the paper has no answer).
///
/// A hit costs O(1), everything else O(log n) amortised. It takes 88 bytes an entry, and 32 to 80 a ghost.
#[derive(Debug)]
pub struct LruK {
    uses: Vec<Uses>,
    /// Those that may leave, by the use before the last (0 if there was none), then by the last.
    heap: Heap<(u64, u64)>,
    /// Those whose correlated reference period was not over when they came to the top of the heap, by their last use.
    waiting: Heap<u64>,
    /// The newest entry, while room is made for it.
    newcomer: Option<Slot>,
    /// Each with its last use that counted.
    ghosts: Ghosts<u64>,
    capacity: u64,
    correlated: u64,
    /// Requests so far.
    now: u64,
}

/// When an entry was used, as the number of the request.
#[derive(Clone, Copy, Debug, Default)]
struct Uses {
    /// The last use, whether it counts or not.
    last: u64,
    /// The last use that counts.
    counted: u64,
    /// The end of the use that counted before that one.
    before: u64,
    entry: Entry,
}

impl LruK {
    /// LRU-2 that remembers as much as `capacity`, and counts every use.
    pub fn new(capacity: u64) -> Self {
        Self {
            uses: Vec::new(),
            heap: Heap::new(),
            waiting: Heap::new(),
            newcomer: None,
            ghosts: Ghosts::new(),
            capacity,
            correlated: 0,
            now: 0,
        }
    }

    /// Counts uses of an entry as one if there are no more than `requests` requests between them.
    #[must_use]
    pub fn correlated_within(mut self, requests: u64) -> Self {
        self.correlated = requests;
        self
    }

    fn ghost_limit(&self) -> Limit {
        Limit { weight: self.capacity, count: self.uses.len() * GHOSTS_PER_SLOT }
    }

    fn settle(&mut self) {
        if let Some(newcomer) = self.newcomer.take() {
            self.enqueue(newcomer);
        }
    }

    fn enqueue(&mut self, slot: Slot) {
        let Uses { last, before, .. } = self.uses[slot.index()];
        self.heap.set(slot, (before, last));
    }

    /// Whether a use now is one with the use at `last`.
    fn is_correlated(&self, last: u64) -> bool {
        self.correlated > 0 && self.now - last <= self.correlated
    }

    /// Lets those whose period is over leave again.
    fn release(&mut self) {
        while let Some((slot, last)) = self.waiting.pop() {
            if self.is_correlated(last) {
                self.waiting.set(slot, last);
                return;
            }
            self.enqueue(slot);
        }
    }

    fn victim(&mut self) -> Option<Slot> {
        self.release();
        while let Some((slot, (_, last))) = self.heap.pop() {
            if !self.is_correlated(last) {
                return Some(slot);
            }
            self.waiting.set(slot, last);
        }
        self.waiting.pop().map(|(slot, _)| slot).or_else(|| self.newcomer.take())
    }
}

impl EvictionPolicy for LruK {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Noted
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.on_remove(slot);
        self.settle();
        self.now += 1;
        self.uses.resize(self.uses.len().max(slot.index() + 1), Uses::default());
        let before = self.ghosts.recall(hash).map_or(0, |(_, counted)| counted);
        let entry = Entry { hash, weight };
        self.uses[slot.index()] = Uses { last: self.now, counted: self.now, before, entry };
        self.newcomer = Some(slot);
    }

    fn on_update(&mut self, slot: Slot, weight: u32) {
        if let Some(uses) = self.uses.get_mut(slot.index()) {
            uses.entry.weight = weight;
        }
        self.on_hit(slot);
    }

    #[inline]
    fn on_hit(&mut self, slot: Slot) {
        self.settle();
        self.now += 1;
        let waits = self.waiting.contains(slot);
        if !waits && !self.heap.contains(slot) {
            return;
        }
        let mut uses = self.uses[slot.index()];
        if !self.is_correlated(uses.last) {
            (uses.before, uses.counted) = (uses.last, self.now);
        }
        uses.last = self.now;
        self.uses[slot.index()] = uses;
        if waits {
            self.waiting.set(slot, self.now);
        } else {
            self.enqueue(slot);
        }
    }

    fn on_remove(&mut self, slot: Slot) {
        self.newcomer = self.newcomer.filter(|&newcomer| newcomer != slot);
        self.heap.remove(slot);
        self.waiting.remove(slot);
    }

    #[inline]
    fn evict(&mut self, _marks: &Marks<'_>) -> Option<Slot> {
        let victim = self.victim()?;
        let Uses { counted, entry, .. } = self.uses[victim.index()];
        self.ghosts.remember_with(HISTORY, entry, counted, self.ghost_limit());
        Some(victim)
    }

    fn on_resize(&mut self, capacity: u64) {
        self.settle();
        self.capacity = capacity;
        self.ghosts.trim(HISTORY, self.ghost_limit());
    }
}
