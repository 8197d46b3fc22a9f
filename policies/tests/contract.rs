//! Every policy of the table keeps the contract's promises.

use std::fmt::Debug;

use larder_core::{EvictionPolicy, Marks, Slot};
use larder_policies::{
    Arc, Cacheus, Car, Clock, ClockPro, Fifo, Gdsf, Hyperbolic, LeCaR, Lfu, LfuDa, Lhd, Lirs, Lru, LruK, Mru,
    POLICIES, QdClock, QdLpFifo, Random, S3Fifo, Sieve, Slru, TwoQ, WTinyLfu,
};
use larder_testkit::policy;

#[test]
fn every_policy_keeps_its_promises() {
    for row in POLICIES {
        policy::conforms(row.make);
    }
}

#[test]
fn policies_whose_row_is_their_reference_keep_their_promises_without_it() {
    policy::conforms(Slru::new);
    policy::conforms(TwoQ::new);
    policy::conforms(Lirs::new);
    policy::conforms(QdLpFifo::new);
    policy::ignores_unknown_slots(Slru::new);
    policy::ignores_unknown_slots(TwoQ::new);
    policy::ignores_unknown_slots(Lirs::new);
    policy::ignores_unknown_slots(QdLpFifo::new);
}

#[test]
fn every_policy_ignores_what_it_does_not_know() {
    for row in POLICIES {
        policy::ignores_unknown_slots(row.make);
    }
}

#[test]
fn small_caches_admit() {
    for row in POLICIES {
        policy::admits_when_small(row.make);
    }
    policy::admits_when_small(Slru::reference);
    policy::admits_when_small(TwoQ::reference);
    policy::admits_when_small(Lirs::reference);
    policy::admits_when_small(QdLpFifo::reference);
}

#[test]
fn every_row_is_found_by_its_name_and_says_where_it_comes_from() {
    for row in POLICIES {
        assert_eq!(larder_policies::find(row.name).map(|found| found.title), Some(row.title));
        assert!(
            row.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
            "{}",
            row.name
        );
        assert!(
            row.paper.year >= 1960 && !row.paper.title.is_empty() && row.summary.ends_with('.'),
            "{}",
            row.name
        );
    }
}

#[test]
fn no_policy_remembers_strangers_for_ever() {
    fn check<P: EvictionPolicy + Debug>(make: fn(u64) -> P) {
        policy::forgets_strangers(make);
    }
    check(Fifo::new);
    check(Lru::new);
    check(Lfu::new);
    check(LfuDa::new);
    check(Gdsf::new);
    check(Mru::new);
    check(Random::new);
    check(Clock::new);
    check(Sieve::new);
    check(Slru::new);
    check(Slru::reference);
    check(TwoQ::new);
    check(TwoQ::reference);
    check(Arc::new);
    check(Lirs::new);
    check(Lirs::reference);
    check(QdLpFifo::new);
    check(QdLpFifo::reference);
    check(QdClock::new);
    check(S3Fifo::new);
    check(WTinyLfu::new);
    check(LruK::new);
    check(Car::new);
    check(ClockPro::new);
    check(LeCaR::new);
    check(Cacheus::new);
    check(Lhd::new);
    check(Hyperbolic::new);
}

#[test]
fn a_cache_of_any_size_admits_the_newest_entry() {
    for row in POLICIES {
        for capacity in 1..=24 {
            let mut policy = (row.make)(capacity);
            let marks = policy::TableMarks::new();
            let mut free: Vec<Slot> = (0..=capacity as u32).map(Slot).collect();
            for key in 0..200 {
                let slot = free.pop().expect("one more slot than fit");
                marks.set_up(slot, 0);
                policy.on_insert(slot, key, 1);
                if free.is_empty() {
                    let victim = policy.evict(&Marks::new(&marks));
                    assert!(
                        victim.is_some_and(|victim| victim != slot),
                        "{} of {capacity} refused",
                        row.title
                    );
                    free.extend(victim);
                }
            }
        }
    }
}

#[test]
fn random_takes_every_old_entry_at_times_and_follows_its_seed() {
    let run = |seed| -> Vec<u32> {
        let mut policy = Random::seeded(10, seed);
        (0..10).for_each(|slot| policy.on_insert(Slot(slot), 0, 1));
        let marks = policy::TableMarks::new();
        let mut newest = Slot(10);
        let step = |_| {
            policy.on_insert(newest, 0, 1);
            newest = policy.evict(&Marks::new(&marks)).expect("there are eleven");
            newest.0
        };
        (0..1_000).map(step).collect()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    for slot in 0..11 {
        assert!(run(1).iter().filter(|&&victim| victim == slot).count() > 50, "{slot}");
    }
}

#[test]
fn random_spares_a_newcomer_that_takes_many_victims() {
    for seed in 0..20 {
        let mut policy = Random::seeded(10, seed);
        (0..10).for_each(|slot| policy.on_insert(Slot(slot), 0, 1));
        policy.on_remove(Slot(3));
        policy.on_insert(Slot(3), 0, 1);
        let marks = policy::TableMarks::new();
        let victims: Vec<Slot> = (0..10).filter_map(|_| policy.evict(&Marks::new(&marks))).collect();
        assert_eq!((victims.len(), victims.last()), (10, Some(&Slot(3))));
    }
}

#[test]
fn what_is_left_to_chance_follows_the_seed() {
    fn check<P: EvictionPolicy>(seeded: fn(u64, u64) -> P) {
        let run = |seed| -> Vec<Slot> {
            let mut policy = seeded(100, seed);
            let marks = policy::TableMarks::new();
            (0..100).for_each(|slot| policy.on_insert(Slot(slot), u64::from(slot), 1));
            (0..100).for_each(|slot| policy.on_hit(Slot(slot)));
            (100..200).for_each(|slot| policy.on_insert(Slot(slot), u64::from(slot), 1));
            (0..200).filter_map(|_| policy.evict(&Marks::new(&marks))).collect()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }
    check(LeCaR::seeded);
    check(Cacheus::seeded);
    check(Lhd::seeded);
    check(Hyperbolic::seeded);
}
