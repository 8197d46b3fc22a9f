//! Every policy evicts, victim by victim, what a plain reading of its paper evicts.

#[path = "../src/hit_density.rs"]
mod hit_density;
#[path = "../src/learning_rate.rs"]
mod learning_rate;
mod plain;
#[path = "../src/prints.rs"]
mod prints;
#[path = "../src/rng.rs"]
mod rng;
#[path = "../src/sketch.rs"]
mod sketch;

use larder_policies::{
    Arc, Cacheus, Car, Clock, ClockPro, Fifo, Gdsf, Hyperbolic, LeCaR, Lfu, LfuDa, Lhd, Lirs, Lru, LruK, Mru,
    QdClock, QdLpFifo, S3Fifo, Sieve, Slru, TwoQ, WTinyLfu,
};
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

#[test]
fn lru_k_evicts_what_was_used_twice_longest_ago() {
    matches_model(LruK::new, |capacity| plain::LruK::new(capacity, 0));
}

#[test]
fn lru_k_counts_correlated_uses_once() {
    matches_model(
        |capacity| LruK::new(capacity).correlated_within(5),
        |capacity| plain::LruK::new(capacity, 5),
    );
}

#[test]
fn car_adapts_two_clocks() {
    matches_model(Car::new, plain::Car::new);
}

#[test]
fn clock_pro_tests_cold_pages() {
    matches_model(ClockPro::new, plain::ClockPro::new);
}

#[test]
fn lecar_trusts_the_expert_with_less_to_regret() {
    matches_model(LeCaR::new, plain::LeCaR::new);
}

#[test]
fn cacheus_learns_as_the_reference_does() {
    matches_model(Cacheus::new, |capacity| plain::Cacheus::new(capacity, false));
}

#[test]
fn cacheus_learns_as_published() {
    matches_model(
        |capacity| Cacheus::new(capacity).as_published(),
        |capacity| plain::Cacheus::new(capacity, true),
    );
}

#[test]
fn lhd_evicts_the_least_hit_density() {
    matches_model(Lhd::new, |capacity| plain::Lhd::new(capacity, 1 << 20));
}

#[test]
fn lhd_learns() {
    matches_model(|capacity| Lhd::new(capacity).learning_every(20), |capacity| plain::Lhd::new(capacity, 20));
}

#[test]
fn hyperbolic_evicts_the_least_used_for_its_time() {
    matches_model(Hyperbolic::new, |_| plain::Hyperbolic::new(false, false));
}

#[test]
fn hyperbolic_draws_from_all_as_published() {
    matches_model(
        |capacity| Hyperbolic::new(capacity).drawing_from_all(),
        |_| plain::Hyperbolic::new(false, true),
    );
}

#[test]
fn hyperbolic_by_weight_evicts_the_least_used_for_its_room() {
    matches_model(|capacity| Hyperbolic::new(capacity).by_weight(), |_| plain::Hyperbolic::new(true, false));
}

#[test]
fn arc_learns_from_its_ghosts() {
    matches_model(Arc::new, plain::Arc::new);
}

#[test]
fn slru_lifts_what_is_hit_a_segment_up() {
    matches_model(Slru::new, |capacity| plain::Slru::new(capacity, false));
    matches_model(Slru::reference, |capacity| plain::Slru::new(capacity, true));
}

#[test]
fn two_q_keeps_what_comes_back_after_it_left() {
    matches_model(TwoQ::new, |capacity| plain::TwoQ::new(capacity, false));
    matches_model(TwoQ::reference, |capacity| plain::TwoQ::new(capacity, true));
}

#[test]
fn qd_lp_fifo_demotes_quickly_and_promotes_lazily() {
    matches_model(QdLpFifo::new, |capacity| plain::QdLpFifo::new(capacity, false));
    matches_model(QdLpFifo::reference, |capacity| plain::QdLpFifo::new(capacity, true));
}

#[test]
fn qd_clock_tries_newcomers_briefly_and_remembers_who_failed() {
    matches_model(QdClock::new, |_| plain::QdClock::default());
}

#[test]
fn lirs_keeps_what_comes_back_soon() {
    matches_model(Lirs::new, |capacity| plain::Lirs::new(capacity, false));
    matches_model(Lirs::reference, |capacity| plain::Lirs::new(capacity, true));
}

#[test]
fn references_keep_every_part_within_its_share() {
    use plain::sheds_like_model;
    sheds_like_model(Slru::reference, Slru::overflows, |c| plain::Slru::new(c, true), plain::Slru::overflows);
    sheds_like_model(TwoQ::reference, TwoQ::overflows, |c| plain::TwoQ::new(c, true), plain::TwoQ::overflows);
    sheds_like_model(Lirs::reference, Lirs::overflows, |c| plain::Lirs::new(c, true), plain::Lirs::overflows);
    let model = |capacity| plain::QdLpFifo::new(capacity, true);
    sheds_like_model(QdLpFifo::reference, QdLpFifo::overflows, model, plain::QdLpFifo::overflows);
    let model = |capacity| plain::Cacheus::new(capacity, false);
    sheds_like_model(Cacheus::new, Cacheus::overflows, model, plain::Cacheus::overflows);
}
