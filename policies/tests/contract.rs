//! Every policy of the table keeps the contract's promises.

use std::fmt::Debug;

use larder_core::EvictionPolicy;
use larder_policies::{Clock, Fifo, Lfu, Lru, POLICIES, Random, S3Fifo, Sieve, WTinyLfu};
use larder_testkit::policy;

#[test]
fn every_policy_keeps_its_promises() {
    for row in POLICIES {
        policy::conforms(row.make);
    }
}

#[test]
fn every_policy_ignores_what_it_does_not_know() {
    for row in POLICIES {
        policy::ignores_unknown_slots(row.make);
    }
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
    check(Random::new);
    check(Clock::new);
    check(Sieve::new);
    check(S3Fifo::new);
    check(WTinyLfu::new);
}
