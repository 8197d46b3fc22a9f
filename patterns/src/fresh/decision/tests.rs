//! The decision by itself: at every boundary, and against its plain words at random.

use larder_core::{Deadline, Random};
use proptest::prelude::*;

use super::*;
use Decision::{Load, Serve, ServeAndReload, WaitOrServeStale};

const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: f64) -> Time {
    Time::ZERO.after(Duration::from_secs_f64(seconds))
}

/// Stored at 100 s, fresh until 200 s, usable until 300 s.
fn life() -> Life {
    Life::new(at(100.0), Deadline::at(at(200.0)), Deadline::at(at(300.0)))
}

fn strict() -> Thresholds {
    Thresholds { ahead: Part::WHOLE, early: None, revalidate: Duration::ZERO, tolerate: Duration::ZERO }
}

/// The decision without chance.
fn plainly(thresholds: &Thresholds, life: Life, seconds: f64) -> Decision {
    thresholds.decide(life, at(seconds), Duration::ZERO, || unreachable!("nothing to draw for"))
}

#[test]
fn each_threshold_begins_at_its_moment_and_not_before() {
    let ahead = Thresholds { ahead: Part::new(0.8), ..strict() };
    let revalidate = Thresholds { revalidate: 30 * SECOND, ..strict() };
    let both = Thresholds { tolerate: 60 * SECOND, ..revalidate };
    let endless = Thresholds { revalidate: Duration::MAX, tolerate: Duration::MAX, ..strict() };
    let at_the_end = Thresholds { ahead: Part::new(1.0), ..strict() };
    let table = [
        (&strict(), 199.999, Serve),
        (&strict(), 200.0, Load),
        (&ahead, 100.0, Serve),
        (&ahead, 179.999, Serve),
        (&ahead, 180.0, ServeAndReload),
        (&ahead, 199.999, ServeAndReload),
        (&ahead, 200.0, Load),
        (&at_the_end, 199.999, Serve),
        (&revalidate, 199.999, Serve),
        (&revalidate, 200.0, ServeAndReload),
        (&revalidate, 229.999, ServeAndReload),
        (&revalidate, 230.0, Load),
        (&both, 230.0, WaitOrServeStale),
        (&both, 259.999, WaitOrServeStale),
        (&both, 260.0, Load),
        (&endless, 299.999, ServeAndReload),
        (&endless, 300.0, Load),
    ];
    for (thresholds, seconds, expected) in table {
        assert_eq!(plainly(thresholds, life(), seconds), expected, "{thresholds:?} at {seconds}");
    }
}

#[test]
fn a_part_is_exact_to_a_few_billionths_and_never_late() {
    let year = 365 * 24 * 3_600 * 1_000_000_000_u64;
    for part in [0.001, 0.3, 0.7, 0.8, 0.95, 1.0] {
        let (exact, reached) =
            (part * year as f64, |some: f64| Part::new(part).is_over(year - some as u64, year));
        assert!(reached(exact) && !reached(exact - 1e-9 * year as f64), "{part}");
    }
    assert!(Part::WHOLE.is_over(0, u64::MAX) && !Part::WHOLE.is_over(1, u64::MAX));
    assert!(Part::new(0.0).is_over(u64::MAX - 1, u64::MAX), "nothing is over at once, but for a nanosecond");
}

#[test]
fn an_entry_that_never_ends_is_always_an_answer() {
    let ahead = Thresholds { ahead: Part::new(0.01), early: Some(9.0), ..strict() };
    let pinned = Life::new(at(0.0), Deadline::NEVER, Deadline::NEVER);
    assert_eq!(plainly(&ahead, pinned, 1e9), Serve);
    assert_eq!(plainly(&ahead, Life::DEFAULT, 1e9), Serve, "no store has resolved it");
    assert!(ahead.is_plainly_fresh(pinned, at(1e9)) && ahead.is_plainly_fresh(Life::DEFAULT, at(1e9)));
    assert!(ahead.tolerates(pinned, at(1e9)));
}

#[test]
fn a_life_of_no_length_is_over() {
    let ended = Life::new(at(1.0), Deadline::at(at(1.0)), Deadline::at(at(1.0)));
    let lenient = Thresholds { ahead: Part::new(0.5), tolerate: Duration::MAX, ..strict() };
    assert_eq!(plainly(&lenient, ended, 1.0), Load);
    assert!(!lenient.tolerates(ended, at(1.0)));
}

#[test]
fn early_expiration_comes_with_the_probability_of_the_paper() {
    let early = Thresholds { early: Some(2.0), ..strict() };
    let random = Random::seeded(1);
    // The cost is 5 s, the factor 2: the probability at a gap is e^(-gap / 10 s).
    for (gap, probability) in [(0.001, 1.0), (5.0, 0.6065), (10.0, 0.3679), (30.0, 0.0498)] {
        let draw = |_: &u32| {
            early.decide(life(), at(200.0 - gap), 5 * SECOND, || random.next_f64()) == ServeAndReload
        };
        let share = f64::from((0..20_000_u32).filter(draw).count() as u32) / 20_000.0;
        assert!((share - probability).abs() < 0.012, "{share} at a gap of {gap} s, not {probability}");
    }
}

#[test]
fn chance_is_drawn_only_where_it_can_matter() {
    let early = Thresholds { early: Some(1.0), ..strict() };
    let drawn = |seconds: f64, cost: Duration| {
        let mut drawn = false;
        early.decide(life(), at(seconds), cost, || {
            drawn = true;
            0.5
        });
        drawn
    };
    assert!(!drawn(199.0, Duration::ZERO), "nothing was measured yet");
    assert!(!drawn(162.9, SECOND) && drawn(163.1, SECOND), "37 costs before the end");
    let luckiest = 1.0 - f64::powi(0.5, 53);
    assert_eq!(early.decide(life(), at(163.5), SECOND, || luckiest), ServeAndReload);
    assert!(-(1.0 - luckiest).ln() < MOST_EARLY, "no draw is cut off");
}

proptest! {
    /// An entry only ever gets worse, and past its hard deadline it is nothing.
    #[test]
    fn time_never_makes_an_entry_better(
        ahead in proptest::option::of(0.01..=1.0_f64),
        revalidate in 0_u64..200,
        tolerate in 0_u64..200,
        (stored, fresh, usable) in (0_u64..100, 0_u64..100, 0_u64..100),
        moments in proptest::collection::vec(0_u64..400, 2..20),
    ) {
        let thresholds = Thresholds {
            ahead: ahead.map_or(Part::WHOLE, Part::new), early: None,
            revalidate: Duration::from_nanos(revalidate), tolerate: Duration::from_nanos(tolerate),
        };
        let time = Time::from_nanos;
        let (soft, hard) = (stored + fresh, stored + fresh + usable);
        let life = Life::new(time(stored), Deadline::at(time(soft)), Deadline::at(time(hard)));
        let rank = |decision| [Serve, ServeAndReload, WaitOrServeStale, Load].iter().position(|&one| one == decision);
        let mut moments: Vec<_> = moments.into_iter().map(|after| stored + after).collect();
        moments.sort_unstable();
        let decide = |now: u64| thresholds.decide(life, time(now), Duration::ZERO, || 0.0);
        for pair in moments.windows(2) {
            prop_assert!(rank(decide(pair[0])) <= rank(decide(pair[1])));
        }
        for now in moments {
            let decision = decide(now);
            prop_assert_eq!(decision == Serve, now < soft && ahead.is_none_or(|part| ((now - stored) as f64) < part * fresh as f64));
            prop_assert_eq!(decision == Load, now >= hard || now >= soft + revalidate.max(tolerate));
            prop_assert_eq!(thresholds.tolerates(life, time(now)), decision != Load);
            prop_assert_eq!(thresholds.is_plainly_fresh(life, time(now)), decision == Serve, "a glance is enough");
            let early = Thresholds { early: Some(1.0), ..thresholds };
            prop_assert!(!early.is_plainly_fresh(life, time(now)), "chance is not seen at a glance");
        }
    }
}
