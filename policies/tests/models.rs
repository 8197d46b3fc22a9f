//! Every policy evicts, victim by victim, what a plain reading of its paper evicts.

mod plain;
#[path = "../src/rng.rs"]
mod rng;
#[path = "../src/sketch.rs"]
mod sketch;

use larder_policies::{Clock, Fifo, Gdsf, Lfu, LfuDa, Lru, Mru, S3Fifo, Sieve, WTinyLfu};
use larder_testkit::policy::matches_model;

#[test]
fn fifo_evicts_what_came_first() {
    matches_model(Fifo::new, |_| plain::Fifo::default());
}

#[test]
fn lru_evicts_what_was_used_longest_ago() {
    matches_model(Lru::new, |_| plain::Lru::default());
}

#[test]
fn lfu_evicts_what_was_used_least_often() {
    matches_model(Lfu::new, |_| plain::Lfu::default());
}

#[test]
fn clock_gives_a_second_chance() {
    matches_model(Clock::new, |_| plain::Clock::default());
}

#[test]
fn sieve_moves_its_hand_and_nothing_else() {
    matches_model(Sieve::new, |_| plain::Sieve::default());
}

#[test]
fn s3_fifo_filters_through_small_and_remembers_ghosts() {
    matches_model(S3Fifo::new, plain::S3Fifo::new);
}

#[test]
fn w_tinylfu_admits_the_more_frequent() {
    matches_model(WTinyLfu::new, plain::WTinyLfu::new);
}

#[test]
fn mru_evicts_what_was_used_last() {
    matches_model(Mru::new, |_| plain::Mru::default());
}

#[test]
fn gdsf_evicts_what_is_worth_least_for_its_size() {
    matches_model(Gdsf::new, |_| plain::GreedyDual::gdsf());
}

#[test]
fn lfuda_ages_with_its_victims() {
    matches_model(LfuDa::new, |_| plain::GreedyDual::lfuda());
}
