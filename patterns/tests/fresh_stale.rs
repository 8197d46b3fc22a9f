//! Stale answers: at once, on error, when slow, over budget; never past their bound, never past the hard deadline.

mod common;
#[path = "common/fresh.rs"]
mod fresh;

use std::time::Duration;

use fresh::{SECOND, World};
use larder_core::{Entry, ErrorKind, Store};
use larder_patterns::{Budget, Freshness};

fn strict() -> Freshness {
    Freshness::new().stale_if_error(Duration::ZERO)
}

/// A world in which key 1 has been stale for `overdue`.
fn stale(freshness: Freshness, overdue: Duration) -> World {
    let world = World::new(freshness);
    world.put(1, 10);
    world.pass(100 * SECOND + overdue);
    world
}

#[test]
fn a_stale_entry_is_answered_at_once_while_it_is_revalidated() {
    let world = stale(strict().stale_while_revalidate(30 * SECOND), Duration::ZERO);
    for _ in 0..1_000 {
        assert_eq!(world.answered(1), Ok(Some(10)));
    }
    assert_eq!((world.gate.calls(), world.stats().stale_revalidating), (1, 1_000));
    world.release(11);
    assert_eq!((world.answered(1), world.stats().stale()), (Ok(Some(11)), 1_000));
}

#[test]
fn past_its_window_a_stale_entry_waits_for_the_reload() {
    let world = stale(strict().stale_while_revalidate(30 * SECOND), 30 * SECOND);
    let asked = world.ask(1);
    assert!(asked.answer().is_none());
    world.release(11);
    assert_eq!((asked.answer(), world.stats().stale()), (Some(Ok(Some(11))), 0));
}

#[test]
fn a_stale_entry_is_the_answer_if_its_load_fails_up_to_the_bound() {
    for (overdue, expected) in [(19, Ok(Some(10))), (20, Err(ErrorKind::Load))] {
        let world = stale(Freshness::new().stale_if_error(20 * SECOND), overdue * SECOND);
        let asked = world.ask(1);
        world.fail();
        assert_eq!(asked.answer(), Some(expected), "{overdue} s past the soft deadline");
        assert_eq!(world.stats().stale_on_error, u64::from(expected.is_ok()));
        assert_eq!(world.stats().reload_failed, 1);
    }
}

#[test]
fn the_bound_counts_when_the_answer_is_given_and_the_hard_deadline_is_one() {
    for (bound, left) in [(20 * SECOND, 10 * SECOND), (Duration::MAX, 90 * SECOND)] {
        let world = stale(Freshness::new().stale_if_error(bound), 10 * SECOND);
        let asked = world.ask(1);
        world.pass(left);
        world.fail();
        assert_eq!(asked.answer(), Some(Err(ErrorKind::Load)), "it was still good when the load began");
    }
}

#[test]
fn without_leave_a_stale_entry_is_no_answer() {
    let world = stale(strict(), Duration::ZERO);
    let asked = world.ask(1);
    world.fail();
    assert_eq!(asked.answer(), Some(Err(ErrorKind::Load)));
    assert_eq!(world.answered(1), Err(ErrorKind::Overloaded), "and too soon to try again");
}

#[test]
fn a_slow_load_is_waited_for_up_to_the_soft_timeout_and_lands_behind() {
    let world = stale(Freshness::new().soft_timeout(SECOND), Duration::ZERO);
    let asked = world.ask(1);
    world.pass(Duration::from_millis(999));
    assert!(asked.answer().is_none());
    world.pass(Duration::from_millis(1));
    assert_eq!((asked.answer(), world.stats().stale_slow), (Some(Ok(Some(10))), 1));
    let late = world.ask(1);
    world.release(11);
    assert_eq!((late.answer(), world.kept(1), world.gate.calls()), (Some(Ok(Some(11))), Some(11), 1));
}

/// Race 6: what completes in the background ignores a later invalidation.
#[test]
fn a_load_that_goes_on_past_the_soft_timeout_does_not_undo_a_removal() {
    let world = stale(Freshness::new().soft_timeout(SECOND), Duration::ZERO);
    let asked = world.ask(1);
    world.pass(SECOND);
    assert_eq!(asked.answer(), Some(Ok(Some(10))));
    assert!(world.does(world.store.remove(&1)));
    world.release(11);
    assert_eq!((world.kept(1), world.stats().reload_void), (None, 1));
}

#[test]
fn who_has_no_stale_entry_waits_past_the_soft_timeout_up_to_the_hard_one() {
    let world = World::new(Freshness::new().soft_timeout(SECOND).hard_timeout(5 * SECOND));
    let asked = world.ask(1);
    let call = world.call();
    world.pass(Duration::from_millis(4_999));
    assert!(asked.answer().is_none() && !call.is_abandoned());
    world.pass(Duration::from_millis(1));
    assert_eq!(asked.answer(), Some(Err(ErrorKind::Timeout)));
    assert!(call.is_abandoned());
    assert_eq!((world.store.in_flight(), world.stats().loads.failed), (0, 1));
    assert_eq!(world.answered(1), Err(ErrorKind::Overloaded), "a timeout is a failure to back off from");
}

#[test]
fn an_entry_that_ends_during_the_soft_timeout_is_no_answer_after_it() {
    let world =
        stale(Freshness::new().soft_timeout(SECOND).hard_timeout(5 * SECOND), 99_500 * SECOND / 1_000);
    let asked = world.ask(1);
    world.pass(SECOND);
    assert!(asked.answer().is_none(), "its hard deadline was half a second ago");
    world.pass(4 * SECOND);
    assert_eq!(asked.answer(), Some(Err(ErrorKind::Timeout)));
}

#[test]
fn a_hard_timeout_behind_a_soft_one_leaves_the_stale_entry() {
    let world = stale(Freshness::new().hard_timeout(SECOND), Duration::ZERO);
    let asked = world.ask(1);
    world.pass(SECOND);
    assert_eq!((asked.answer(), world.stats().stale_on_error), (Some(Ok(Some(10))), 1));
}

#[test]
fn a_thousand_waiters_with_stale_entries_share_one_load_and_its_failure() {
    let world = stale(Freshness::new(), Duration::ZERO);
    let asked: Vec<_> = (0..1_000).map(|_| world.ask(1)).collect();
    world.fail();
    assert!(asked.iter().all(|task| task.answer() == Some(Ok(Some(10)))));
    assert_eq!((world.gate.calls(), world.stats().stale_on_error), (1, 1_000));
    assert_eq!((world.answered(1), world.gate.calls()), (Ok(Some(10)), 1));
    assert_eq!((world.stats().stale_backing_off, world.stats().backed_off), (1, 1));
}

#[test]
fn over_budget_a_stale_entry_is_the_answer_and_without_one_an_error() {
    let budget = Budget::new(1).unwrap();
    let world = stale(Freshness::new().budget(budget.clone()), Duration::ZERO);
    let slow = world.ask(2);
    assert_eq!(budget.in_flight(), 1);
    assert_eq!((world.answered(1), world.answered(3)), (Ok(Some(10)), Err(ErrorKind::Overloaded)));
    assert_eq!((world.stats().stale_over_budget, world.stats().over_budget), (1, 2));
    world.release(20);
    assert_eq!((slow.answer(), budget.in_flight()), (Some(Ok(Some(20))), 0));
    let asked = world.ask(3);
    world.release(30);
    assert_eq!(asked.answer(), Some(Ok(Some(30))), "being turned away leaves nothing behind");
}

#[test]
fn over_budget_a_batch_gets_what_is_there_or_an_error() {
    let world = stale(Freshness::new().budget(Budget::new(1).unwrap()), Duration::ZERO);
    world.put(2, 20);
    let _slow = world.ask(9);
    assert_eq!(world.ask_many(&[1, 2]).answer(), Some(Ok(vec![Some(10), Some(20)])));
    assert_eq!((world.stats().stale_over_budget, world.stats().over_budget), (1, 1));
    assert_eq!(world.ask_many(&[2, 3]).answer(), Some(Err(ErrorKind::Overloaded)));
    assert_eq!((world.store.in_flight(), world.gate.calls()), (1, 1));
}

#[test]
fn two_stores_before_one_origin_share_one_budget() {
    let budget = Budget::new(1).unwrap();
    let one = World::new(Freshness::new().budget(budget.clone()));
    let two = World::new(Freshness::new().budget(budget));
    let first = one.ask(1);
    assert_eq!(two.answered(1), Err(ErrorKind::Overloaded));
    one.release(10);
    let second = two.ask(1);
    two.release(11);
    assert_eq!((first.answer(), second.answer()), (Some(Ok(Some(10))), Some(Ok(Some(11)))));
}

#[test]
fn a_batch_waits_for_slow_loads_once_and_not_once_a_key() {
    let world = stale(Freshness::new().soft_timeout(SECOND), Duration::ZERO);
    for key in 2..=50 {
        let entry = Entry::new(key).fresh_for(Duration::ZERO).ttl(100 * SECOND);
        world.does(world.store.insert(key, entry));
    }
    let keys: Vec<_> = (1..=50).collect();
    let batch = world.ask_many(&keys);
    assert_eq!((world.gate.calls(), world.call().keys().len()), (1, 50));
    world.pass(SECOND);
    assert_eq!(batch.answer().map(|answer| answer.map(|values| values.len())), Some(Ok(50)));
    assert_eq!(world.stats().stale_slow, 50);
}

#[test]
fn what_the_origin_no_longer_has_is_a_miss_for_those_who_waited() {
    let world = stale(Freshness::new().negative_ttl(50 * SECOND), Duration::ZERO);
    let asked = world.ask(1);
    world.absent();
    assert_eq!((asked.answer(), world.kept(1)), (Some(Ok(None)), None));
    assert_eq!((world.answered(1), world.gate.calls()), (Ok(None), 1));
}
