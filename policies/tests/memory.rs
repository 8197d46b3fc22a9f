//! What each policy takes for an entry, and for what it remembers of those that left.
//!
//! The counting allocator counts for the whole process: so there is one test.

use std::alloc::System;

use larder_core::{EvictionPolicy, Marks, Slot};
use larder_policies::POLICIES;
use larder_testkit::policy::TableMarks;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ENTRIES: u32 = 100_000;

/// Bytes an entry at most, with the tables' room to grow: for the entries that are there, and for all the rest, mostly
/// ghosts, once twice as many have come and gone.
const MOST: &[(&str, f64, f64)] = &[
    ("fifo", 10.0, 1.0),
    ("lru", 10.0, 1.0),
    ("lfu", 15.0, 1.0),
    ("lfuda", 74.0, 1.0),
    ("gdsf", 74.0, 1.0),
    ("mru", 10.0, 1.0),
    ("random", 11.0, 1.0),
    ("clock", 10.0, 1.0),
    ("slru", 29.0, 1.0),
    ("2q", 29.0, 19.0),
    ("arc", 29.0, 19.0),
    ("lirs", 50.0, 88.0),
    ("sieve", 10.0, 1.0),
    ("qdlp", 29.0, 37.0),
    ("qd-clock", 15.0, 2.0),
    ("s3-fifo", 29.0, 37.0),
    ("w-tinylfu", 40.0, 1.0),
    ("lru-k", 116.0, 48.0),
    ("car", 29.0, 19.0),
    ("clock-pro", 51.0, 64.0),
    ("lecar", 46.0, 1.0),
    ("cacheus", 117.0, 82.0),
    ("lhd", 48.0, 1.0),
    ("hyperbolic", 93.0, 1.0),
];

/// The same each time, and spread.
fn hash(key: u64) -> u64 {
    let mixed = (key + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

/// What `policy` holds in bytes an entry: when the cache is full, and after others came and went.
fn measure(make: fn(u64) -> Box<dyn EvictionPolicy>, marks: &TableMarks) -> [f64; 2] {
    let region = Region::new(ALLOCATOR);
    let held = || {
        let change = region.change();
        (change.bytes_allocated as f64 - change.bytes_deallocated as f64) / f64::from(ENTRIES)
    };
    let mut policy = make(u64::from(ENTRIES));
    (0..ENTRIES).for_each(|slot| policy.on_insert(Slot(slot), hash(slot.into()), 1));
    let full = held();
    let mut spare = Slot(ENTRIES);
    for key in u64::from(ENTRIES)..3 * u64::from(ENTRIES) {
        marks.set_up(spare, 0);
        policy.on_insert(spare, hash(key), 1);
        spare = policy.evict(&Marks::new(marks)).expect("there are many");
        let used = Slot(key as u32 % (ENTRIES / 2));
        policy.on_hit(used);
        marks.set_up(used, 1);
    }
    [full, held() - full]
}

#[test]
fn every_policy_takes_as_little_as_it_says() {
    let marks = TableMarks::new();
    (0..=ENTRIES).for_each(|slot| marks.set_up(Slot(slot), 0));
    for row in POLICIES {
        let [full, rest] = measure(row.make, &marks);
        println!("{}: {full:.1} and {rest:.1}", row.name);
        let bounds = MOST.iter().find(|(name, ..)| *name == row.name);
        let (_, most, most_rest) = bounds.unwrap_or_else(|| panic!("{} has no bounds", row.name));
        assert!(full <= *most && rest <= *most_rest, "{} takes {full:.1} and {rest:.1}", row.name);
        assert!(full >= most * 0.9, "{} takes {full:.1}: lower its bound", row.name);
    }
}
