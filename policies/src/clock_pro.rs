//! CLOCK-Pro: LIRS with clocks.

use larder_core::{EvictionPolicy, Hits, Marks, Slot};

use crate::lists::ListId;
use crate::queues::{Entry, Queues};
use crate::test_periods::{Test, TestId, TestPeriods};

const HOT: ListId = ListId(0);
const COLD: ListId = ListId(1);

/// Ghosts for each slot ever used, at most.
const GHOSTS_PER_SLOT: usize = 4;

/// CLOCK-Pro (S. Jiang, F. Chen, X. Zhang, "CLOCK-Pro: an effective improvement of the CLOCK replacement", USENIX ATC,
/// 2005): entries are hot or cold; a cold one that is used again within its test period, before the oldest hot one is,
/// gets that one's place.
///
/// Cold entries leave, oldest first, and stay on as ghosts for the rest of their test. Every test that ends with a use
/// gives the cold ones more room, every other one less. Three choices: the room for cold entries starts at a hundredth
/// (the paper is silent; LIRS has that share), new entries are hot while hot ones have room to spare, and a hit counts
/// when a hand comes by, so the hand for hot entries moves when room is needed next.
///
/// The paper has one list with three hands in it. Here each hand has the queue of what it stops at, and numbers say
/// where in the list each entry stands: nothing is walked over in vain. One thing differs: a cold entry which the hand
/// for hot ones has passed leaves before newer ones, as in LIRS.
///
/// Every call costs O(1), `evict` amortised: each entry it passes over was paid for by a hit or an insertion.
/// It takes 40 bytes an entry, and about 60 for each that is tested, ghosts included.
#[derive(Debug)]
pub struct ClockPro {
    queues: Queues<2>,
    /// Beside each slot.
    pages: Vec<Page>,
    tests: TestPeriods,
    /// What cold entries may weigh.
    cold_share: u64,
    capacity: u64,
    /// How often an entry was put at the head of the list.
    head: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Page {
    /// Where the list's head was when it was put there.
    position: u64,
    test: Option<TestId>,
}

impl ClockPro {
    /// CLOCK-Pro in a cache of `capacity`.
    pub fn new(capacity: u64) -> Self {
        Self {
            queues: Queues::new(),
            pages: Vec::new(),
            tests: TestPeriods::new(),
            cold_share: (capacity / 100).max(1),
            capacity,
            head: 0,
        }
    }

    fn hot_share(&self) -> u64 {
        self.capacity.saturating_sub(self.cold_share)
    }

    fn settle(&mut self) {
        let Some(newcomer) = self.queues.newcomer() else { return };
        let Entry { hash, weight } = self.queues.entry(newcomer);
        let comes_back = self.tests.recall(hash);
        if comes_back {
            self.favour_cold(weight);
        }
        let hot = comes_back || self.queues.weight(HOT) + u64::from(weight) <= self.hot_share();
        self.queues.settle(if hot { HOT } else { COLD });
        self.note_head(newcomer);
        if !hot {
            self.begin_test(newcomer);
        }
    }

    fn put_at_head(&mut self, queue: ListId, slot: Slot) {
        self.queues.place(queue, slot);
        self.note_head(slot);
    }

    fn note_head(&mut self, slot: Slot) {
        self.head += 1;
        self.pages[slot.index()].position = self.head;
    }

    /// Begins the test of the cold entry at `slot`, which is at the head.
    fn begin_test(&mut self, slot: Slot) {
        let test = self.tests.begin(slot, self.queues.entry(slot), self.head);
        self.pages[slot.index()].test = Some(test);
    }

    fn favour_cold(&mut self, weight: u32) {
        self.cold_share = self.cold_share.saturating_add(u64::from(weight)).min(self.capacity.max(1));
    }

    /// Ends a test in which nobody came, unless its entry's mark says otherwise.
    fn expire(&mut self, id: TestId, marks: &Marks<'_>) {
        let Some(Test { entry, slot, .. }) = self.tests.end(id) else { return };
        if let Some(slot) = slot {
            self.pages[slot.index()].test = None;
        }
        if slot.is_none_or(|slot| marks.get(slot) == 0) {
            self.cold_share = self.cold_share.saturating_sub(u64::from(entry.weight)).max(1);
        }
    }

    /// Turns the oldest hot entries that were not hit cold, until the others are within their share and one is cold.
    fn move_hot_hand(&mut self, marks: &Marks<'_>) {
        // One round clears every mark; hits that come in meanwhile must not keep the hand going for ever.
        let mut round = self.queues.len();
        while self.queues.weight(HOT) > self.hot_share() || self.queues.is_empty(COLD) {
            let Some(hand) = self.queues.oldest(HOT) else { break };
            let hit = round > 0 && marks.take(hand) != 0;
            self.put_at_head(if hit { HOT } else { COLD }, hand);
            round = round.saturating_sub(1);
            self.expire_passed(marks);
        }
    }

    /// Ends the tests that the hand for hot entries has passed.
    fn expire_passed(&mut self, marks: &Marks<'_>) {
        let Some(hand) = self.queues.oldest(HOT) else { return };
        let position = self.pages[hand.index()].position;
        while let Some((id, _)) = self.tests.oldest().filter(|(_, test)| test.began < position) {
            self.expire(id, marks);
        }
    }

    /// Ends the oldest tests until the ghosts are within the capacity.
    fn move_test_hand(&mut self, marks: &Marks<'_>) {
        let most = self.queues.reach() * GHOSTS_PER_SLOT;
        while self.tests.ghost_weight() > self.capacity || self.tests.ghosts() > most {
            let Some((oldest, _)) = self.tests.oldest() else { return };
            self.expire(oldest, marks);
        }
    }

    /// Gives a cold entry that was hit what it deserves.
    fn spare(&mut self, slot: Slot, marks: &Marks<'_>) {
        if let Some(test) = self.pages[slot.index()].test.take() {
            self.tests.end(test);
            self.favour_cold(self.queues.entry(slot).weight);
            self.put_at_head(HOT, slot);
            self.move_hot_hand(marks);
        } else {
            self.put_at_head(COLD, slot);
            self.begin_test(slot);
        }
    }

    /// Moves the hand for cold entries to the first that was not hit.
    fn find_cold(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        let mut steps = self.queues.len();
        loop {
            let hand = self.queues.oldest(COLD)?;
            if steps == 0 || marks.take(hand) == 0 {
                return Some(hand);
            }
            self.spare(hand, marks);
            steps -= 1;
        }
    }

    fn leave(&mut self, slot: Slot) -> Option<Slot> {
        let entry = self.queues.remove(slot)?;
        if let Some(test) = self.pages[slot.index()].test.take() {
            self.tests.haunt(test, entry);
        }
        Some(slot)
    }
}

impl EvictionPolicy for ClockPro {
    #[inline]
    fn hits(&self) -> Hits {
        Hits::Marked { max: 1 }
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.on_remove(slot);
        self.settle();
        self.pages.resize(self.pages.len().max(slot.index() + 1), Page::default());
        self.queues.arrive(slot, Entry { hash, weight });
    }

    fn on_update(&mut self, slot: Slot, weight: u32) {
        self.settle();
        self.queues.reweigh(slot, weight);
    }

    fn on_remove(&mut self, slot: Slot) {
        if self.queues.remove(slot).is_some()
            && let Some(test) = self.pages[slot.index()].test.take()
        {
            self.tests.end(test);
        }
    }

    #[inline]
    fn evict(&mut self, marks: &Marks<'_>) -> Option<Slot> {
        self.move_hot_hand(marks);
        let victim = self.find_cold(marks).or_else(|| self.queues.newcomer());
        let victim = victim.and_then(|victim| self.leave(victim));
        self.move_test_hand(marks);
        victim
    }

    fn on_resize(&mut self, capacity: u64) {
        self.settle();
        self.cold_share = self.cold_share.min(capacity).max((capacity / 100).max(1));
        self.capacity = capacity;
    }
}
