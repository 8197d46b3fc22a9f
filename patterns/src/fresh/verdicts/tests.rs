//! What is remembered of loads without a value, and when it is forgotten.

use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn terms() -> Terms {
    let back_off = BackOff { first: SECOND, longest: 8 * SECOND };
    Terms { absent: Some(5 * SECOND), error: None, back_off: Some(back_off), keys: 64 }
}

fn table(terms: Terms) -> Verdicts<u64> {
    Verdicts::new(terms, &Random::seeded(1))
}

fn at(seconds: u64) -> Time {
    Time::ZERO.after(seconds as u32 * SECOND)
}

fn broken() -> Error {
    Error::new(ErrorKind::Load, "loading")
}

fn fails(verdicts: &Verdicts<u64>, key: u64, now: Time) {
    verdicts.settle(&key, verdicts.ticket(&key), &Outcome::Failed(&broken()), now);
}

#[test]
fn absence_lasts_as_long_as_said_and_is_no_error() {
    let verdicts = table(terms());
    verdicts.settle(&1, verdicts.ticket(&1), &Outcome::Absent, at(0));
    let refusal = verdicts.refusal(&1, at(4)).unwrap();
    assert!(refusal.into_error().is_none());
    assert!(verdicts.refusal(&1, at(5)).is_none());
    assert!(verdicts.refusal(&2, at(0)).is_none(), "another key");
}

#[test]
fn each_failure_in_a_row_waits_longer_and_a_quiet_time_begins_a_new_row() {
    let verdicts = table(terms());
    let wait = |now: u64| {
        fails(&verdicts, 1, at(now));
        (0..100).find(|quarter| verdicts.refusal(&1, at(now).after(*quarter * SECOND / 4)).is_none()).unwrap()
    };
    let waits = [0, 8, 16, 24, 32].map(wait);
    for (quarters, most) in waits.into_iter().zip([1, 2, 4, 8, 8]) {
        assert!((2 * most..=4 * most).contains(&quarters), "{quarters} quarters of at most {most} s");
    }
    assert!(wait(1_000) <= 4, "it begins anew");
}

#[test]
fn a_value_ends_the_row_of_failures() {
    let verdicts = table(terms());
    (0..3).for_each(|n| fails(&verdicts, 1, at(5 * n)));
    verdicts.settle(&1, verdicts.ticket(&1), &Outcome::Present, at(12));
    assert_eq!(verdicts.len(), 0);
    fails(&verdicts, 1, at(13));
    assert!(verdicts.refusal(&1, at(14)).is_none(), "the first wait");
}

#[test]
fn an_error_is_an_answer_only_if_asked_for_and_then_it_is_too_soon() {
    let verdicts = table(Terms { error: Some(SECOND / 4), ..terms() });
    fails(&verdicts, 1, at(0));
    let kind = |now: Time| verdicts.refusal(&1, now).and_then(Refusal::into_error).map(|error| error.kind());
    assert_eq!(kind(at(0)), Some(ErrorKind::Load));
    assert_eq!(kind(at(0).after(SECOND / 4)), Some(ErrorKind::Overloaded));
    let nothing = table(Terms { error: None, back_off: None, ..terms() });
    fails(&nothing, 1, at(0));
    assert_eq!(nothing.len(), 0);
}

#[test]
fn a_load_that_began_before_a_write_leaves_no_verdict() {
    let verdicts = table(terms());
    for write in [|verdicts: &Verdicts<u64>| verdicts.forget(verdicts.hash(&1)), Verdicts::forget_all] {
        let before = verdicts.ticket(&1);
        write(&verdicts);
        verdicts.settle(&1, before, &Outcome::Absent, at(0));
        assert!(verdicts.refusal(&1, at(0)).is_none());
        verdicts.settle(&1, verdicts.ticket(&1), &Outcome::Absent, at(0));
        assert!(verdicts.refusal(&1, at(0)).is_some());
        write(&verdicts);
        assert!(verdicts.refusal(&1, at(0)).is_none(), "a write ends it");
    }
}

#[test]
fn nothing_to_remember_takes_no_room() {
    let verdicts = table(Terms { absent: None, error: None, back_off: None, keys: usize::MAX });
    assert!(verdicts.sets.is_empty());
    fails(&verdicts, 1, at(0));
    verdicts.forget(verdicts.hash(&1));
    assert!(verdicts.refusal(&1, at(0)).is_none());
}

proptest! {
    /// Against a map without bounds: what is remembered is right, and never more than the table holds.
    #[test]
    fn it_forgets_but_never_invents(
        keys in 1_usize..40,
        steps in proptest::collection::vec((0_u64..60, 0_u8..4, 0_u64..3), 1..300),
    ) {
        let verdicts = table(Terms { keys, ..terms() });
        let mut model = std::collections::HashMap::new();
        let mut now = at(0);
        for (key, what, seconds) in steps {
            now = now.after(seconds as u32 * SECOND);
            match what {
                0 => {
                    verdicts.settle(&key, verdicts.ticket(&key), &Outcome::Absent, now);
                    model.insert(key, now.after(5 * SECOND));
                }
                1 => {
                    fails(&verdicts, key, now);
                    model.insert(key, now.after(8 * SECOND));
                }
                2 => {
                    verdicts.settle(&key, verdicts.ticket(&key), &Outcome::Present, now);
                    model.remove(&key);
                }
                _ => {
                    verdicts.forget(verdicts.hash(&key));
                    model.remove(&key);
                }
            }
            if what < 2 {
                prop_assert!(verdicts.refusal(&key, now).is_some(), "the latest is never forgotten");
            }
            prop_assert!(verdicts.len() <= keys.div_ceil(WAYS).next_power_of_two() * WAYS);
            for key in 0..60 {
                if verdicts.refusal(&key, now).is_some() {
                    prop_assert!(model.get(&key).is_some_and(|end| *end > now));
                }
            }
        }
    }
}
