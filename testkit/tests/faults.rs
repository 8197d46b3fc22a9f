//! A faulty store does what its script says, and nothing else.

use std::time::Duration;

use larder_core::{Entry, Env, Error, ErrorKind, Manual, Store, StoreExt};
use larder_testkit::store::{Options, conforms};
use larder_testkit::{Faulty, MapStore, Op};

type Inner = MapStore<u64, u64>;

fn faulty() -> (Faulty<Inner>, Env, Manual) {
    let (env, manual) = Env::manual();
    (Faulty::new(MapStore::new(&env), &env), env, manual)
}

#[test]
fn without_rules_it_is_the_wrapped_store() {
    let (env, manual) = Env::manual();
    let options = Options::manual(|n| n, |n| n, &manual);
    manual.block_on(conforms(async || Faulty::new(MapStore::new(&env), &env), &options));
}

#[test]
fn a_failing_call_does_nothing() {
    let (store, _, manual) = faulty();
    let fault = store.on(Op::Insert).first(1).fail();
    let failed = manual.block_on(store.put(1, 10)).unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Store);
    assert_eq!(manual.block_on(store.value(&1)).unwrap(), None);
    manual.block_on(store.put(1, 10)).unwrap();
    assert_eq!(fault.injected(), 1);
}

#[test]
fn only_the_nth_call_with_such_a_key_fails() {
    let (store, _, manual) = faulty();
    store.on(Op::Get).key(|key| *key == 7).nth(2).fail_with(Error::new(ErrorKind::Timeout, "getting"));
    let outcome = |key| manual.block_on(store.get(&key)).map_err(|error| error.kind()).err();
    let outcomes = [7, 1, 7, 7].map(outcome);
    assert_eq!(outcomes, [None, None, Some(ErrorKind::Timeout), None]);
}

#[test]
fn a_lost_reply_was_done() {
    let (store, _, manual) = faulty();
    manual.block_on(store.put(1, 10)).unwrap();
    store.on(Op::Remove).lose_reply();
    assert!(manual.block_on(store.remove(&1)).is_err());
    assert_eq!(manual.block_on(store.value(&1)).unwrap(), None);
}

#[test]
fn a_delayed_call_waits_for_the_clock() {
    let (store, env, manual) = faulty();
    store.on(Op::Insert).delay(Duration::from_secs(5));
    env.spawn(async move { store.insert(1, Entry::new(10)).await.unwrap() }).unwrap();
    manual.advance(Duration::from_secs(4));
    assert_eq!(manual.run(), 1);
    manual.advance(Duration::from_secs(5));
    assert_eq!(manual.run(), 0);
}

#[test]
fn a_hanging_call_waits_until_it_is_released() {
    let (store, env, manual) = faulty();
    let fault = store.on(Op::Clear).hang();
    env.spawn(async move { store.clear().await.unwrap() }).unwrap();
    manual.advance(Duration::from_hours(1));
    assert_eq!(manual.run(), 1);
    fault.release();
    assert_eq!(manual.run(), 0);
}

#[test]
fn a_batch_is_one_call_that_concerns_each_of_its_keys() {
    let (store, _, manual) = faulty();
    let fault = store.on(Op::Get).key(|key| *key == 2).fail();
    assert!(manual.block_on(store.get_many(&[1, 2, 3])).is_err());
    assert!(manual.block_on(store.get_many(&[1, 3])).is_ok());
    assert_eq!(fault.injected(), 1);
}

#[test]
fn nothing_gets_past_a_rule_for_get_through_get_now() {
    let (store, _, manual) = faulty();
    manual.block_on(store.put(1, 10)).unwrap();
    assert!(store.get_now(&1).is_some());
    store.on(Op::Fill).fail();
    assert!(store.get_now(&1).is_some(), "a rule for fill is none for get");
    let fault = store.on(Op::Get).key(|key| *key == 9).nth(1).fail();
    assert!(store.get_now(&1).is_none());
    assert!(manual.block_on(store.get(&9)).is_err());
    assert!(store.get_now(&1).is_some(), "a rule that is used up applies no more");
    assert_eq!(fault.injected(), 1);
}

#[test]
fn a_store_that_is_down_comes_back_when_all_rules_are_lifted() {
    let (store, _, manual) = faulty();
    let faults = store.faults();
    faults.on_any().fail();
    assert!(manual.block_on(store.get(&1)).is_err());
    assert!(manual.block_on(store.flush()).is_err());
    assert!(store.get_now(&1).is_none());
    faults.lift_all();
    assert!(manual.block_on(store.get(&1)).is_ok());
    assert!(store.get_now(&1).is_some());
}
