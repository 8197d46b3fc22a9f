//! The test periods of CLOCK-Pro: who is watched for being used again, here or gone.

use larder_core::Slot;

use crate::index::Index;
use crate::lists::{ListId, Lists};
use crate::queues::Entry;

const QUEUE: ListId = ListId(0);

/// The number of a test period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TestId(Slot);

/// Test periods in the order they began, of entries that are there and of ghosts. Every operation costs O(1).
#[derive(Debug)]
pub(crate) struct TestPeriods {
    queue: Lists<Test>,
    ghosts: Index,
    ghost_weight: u64,
    /// Numbers that no test has now.
    spare: Vec<Slot>,
}

/// One test period.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Test {
    pub(crate) entry: Entry,
    /// Where the list's head was when it began.
    pub(crate) began: u64,
    /// The slot that is tested, or none for a ghost.
    pub(crate) slot: Option<Slot>,
}

impl TestPeriods {
    pub(crate) fn new() -> Self {
        Self { queue: Lists::new(1), ghosts: Index::new(), ghost_weight: 0, spare: Vec::new() }
    }

    /// The weight of all ghosts.
    pub(crate) fn ghost_weight(&self) -> u64 {
        self.ghost_weight
    }

    /// The number of ghosts.
    pub(crate) fn ghosts(&self) -> usize {
        self.ghosts.len()
    }

    /// Begins to test the entry at `slot`.
    pub(crate) fn begin(&mut self, slot: Slot, entry: Entry, began: u64) -> TestId {
        let id = self.spare.pop().unwrap_or(Slot(self.queue.reach() as u32));
        self.queue.push(QUEUE, id);
        if let Some(test) = self.queue.note_mut(id) {
            *test = Test { entry, began, slot: Some(slot) };
        }
        TestId(id)
    }

    /// Ends a test, and says what was tested.
    pub(crate) fn end(&mut self, id: TestId) -> Option<Test> {
        if !self.queue.unlink(id.0) {
            return None;
        }
        self.spare.push(id.0);
        let test = *self.queue.note(id.0)?;
        if test.slot.is_none() {
            self.ghosts.remove(test.entry.hash, id.0.0);
            self.ghost_weight -= u64::from(test.entry.weight);
        }
        Some(test)
    }

    /// What was tested has left: it is a ghost, with what it weighed at the end, from now on.
    pub(crate) fn haunt(&mut self, id: TestId, entry: Entry) {
        let Some(test) = self.queue.note_mut(id.0) else { return };
        (test.entry, test.slot) = (entry, None);
        self.ghost_weight += u64::from(entry.weight);
        if let Some(older) = self.ghosts.insert(entry.hash, id.0.0, |id| hash_of(&self.queue, id)) {
            self.end(TestId(Slot(older)));
        }
    }

    /// Ends the test of the ghost of `hash`, and says whether there was one.
    pub(crate) fn recall(&mut self, hash: u64) -> bool {
        let id = self.ghosts.find(hash, |id| hash_of(&self.queue, id));
        id.is_some_and(|id| self.end(TestId(Slot(id))).is_some())
    }

    /// The test that began first.
    pub(crate) fn oldest(&self) -> Option<(TestId, Test)> {
        let id = self.queue.oldest(QUEUE)?;
        self.queue.note(id).map(|&test| (TestId(id), test))
    }
}

fn hash_of(tests: &Lists<Test>, id: u32) -> u64 {
    tests.note(Slot(id)).map_or(0, |test| test.entry.hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ghost_is_known_until_its_test_ends() {
        let mut tests = TestPeriods::new();
        let entry = |hash| Entry { hash, weight: 2 };
        let first = tests.begin(Slot(0), entry(7), 1);
        let second = tests.begin(Slot(1), entry(8), 2);
        tests.haunt(first, entry(7));
        assert_eq!((tests.ghosts(), tests.ghost_weight()), (1, 2));
        assert_eq!(tests.oldest().map(|(id, test)| (id, test.slot)), Some((first, None)));
        assert!(!tests.recall(8), "its entry is still there");
        assert!(tests.recall(7) && !tests.recall(7));
        assert_eq!((tests.ghosts(), tests.ghost_weight()), (0, 0));
        assert_eq!(tests.oldest().map(|(id, test)| (id, test.slot)), Some((second, Some(Slot(1)))));
    }

    #[test]
    fn one_hash_has_one_ghost() {
        let mut tests = TestPeriods::new();
        for slot in 0..100 {
            let id = tests.begin(Slot(slot), Entry { hash: 1, weight: 1 }, 0);
            tests.haunt(id, Entry { hash: 1, weight: 1 });
        }
        assert_eq!((tests.ghosts(), tests.ghost_weight()), (1, 1));
        assert!(tests.queue.reach() <= 2);
    }
}
