//! What policies say of who leaves next.

use std::cell::Cell;
use std::collections::BTreeSet;

use larder_core::{EvictionPolicy, MarkTable, Marks, Slot};
use larder_policies::{Clock, Fifo, Lru, POLICIES, Sieve};

/// Marks of entries that were never hit, and the slot that was foreseen last.
#[derive(Default)]
struct Foreseen(Cell<Option<Slot>>);

impl MarkTable for Foreseen {
    fn get(&self, _slot: Slot) -> u8 {
        0
    }

    fn set(&self, _slot: Slot, _mark: u8) {}

    fn foresee(&self, slot: Slot) {
        self.0.set(Some(slot));
    }
}

/// For each entry that leaves one of 100: its slot, what was foreseen just before, and who is left.
fn departures(mut policy: impl EvictionPolicy) -> Vec<(Slot, Option<Slot>, BTreeSet<Slot>)> {
    let mut left: BTreeSet<Slot> = (0..100).map(Slot).collect();
    left.iter().for_each(|slot| policy.on_insert(*slot, u64::from(slot.0), 1));
    let table = Foreseen::default();
    let departure = |_| {
        let foreseen = table.0.take();
        let victim = policy.evict(&Marks::new(&table))?;
        left.remove(&victim);
        Some((victim, foreseen, left.clone()))
    };
    (0..90).filter_map(departure).collect()
}

#[test]
fn where_the_order_is_known_who_was_foreseen_leaves() {
    fn comes_true(policy: impl EvictionPolicy) {
        let departures = departures(policy);
        assert_eq!(departures.len(), 90);
        assert!(departures.iter().skip(1).all(|(victim, foreseen, _)| *foreseen == Some(*victim)));
    }
    comes_true(Fifo::new(100));
    comes_true(Lru::new(100));
    comes_true(Clock::new(100));
    comes_true(Sieve::new(100));
}

#[test]
fn no_policy_foresees_that_an_entry_leaves_that_is_not_there() {
    for policy in POLICIES {
        let departures = departures((policy.make)(100));
        assert!(!departures.is_empty(), "{}", policy.name);
        for (before, after) in departures.iter().zip(departures.iter().skip(1)) {
            let (_, foreseen, _) = after;
            assert!(foreseen.is_none_or(|slot| before.2.contains(&slot)), "{}", policy.name);
        }
    }
}
