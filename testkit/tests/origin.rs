//! Loaders and writers that count, wait and remember.

use larder_core::{Change, Env, Error, ErrorKind, Loader, Writer};
use larder_testkit::{CountingLoader, CountingWriter, Gate, MapOrigin, Task, WriteGate};

#[test]
fn a_counting_loader_counts_calls_keys_and_batches() {
    let (_env, manual) = Env::manual();
    let loader = CountingLoader::new(MapOrigin::from([(1, "one"), (2, "two")]));
    let one = manual.block_on(loader.load(&1)).unwrap();
    assert!(one.is_some_and(|entry| *entry.value() == "one"));
    let many = manual.block_on(loader.load_many(&[1, 2, 3])).unwrap();
    assert_eq!(many.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false]);
    let counts = loader.counts();
    assert_eq!((counts.calls(), counts.keys(), counts.batches()), (2, 4, vec![1, 3]));
    assert_eq!((counts.of(&1), counts.of(&3), counts.of(&9)), (2, 1, 0));
    assert_eq!((counts.in_flight(), counts.most_in_flight()), (0, 1));
}

#[test]
fn calls_that_overlap_are_counted_as_such_even_if_they_are_dropped() {
    let (env, manual) = Env::manual();
    let gate = Gate::<u64, u64>::new();
    let loader = CountingLoader::new(gate.clone());
    for key in 0..3 {
        let loader = loader.clone();
        env.spawn(async move { drop(loader.load(&key).await) }).unwrap();
    }
    manual.run();
    assert_eq!((loader.counts().in_flight(), loader.counts().most_in_flight()), (3, 3));
    for _ in 0..3 {
        gate.try_next_call().unwrap().absent();
    }
    manual.run();
    assert_eq!((loader.counts().in_flight(), loader.counts().most_in_flight()), (0, 3));
}

#[test]
fn a_parked_load_ends_as_the_test_says() {
    let (env, manual) = Env::manual();
    let gate = Gate::<u64, &str>::new();
    let ends = [
        ends_with(&env, &manual, &gate, |call| call.release("seven")),
        ends_with(&env, &manual, &gate, larder_testkit::Call::absent),
        ends_with(&env, &manual, &gate, |call| call.fail(Error::new(ErrorKind::Load, "loading"))),
    ];
    assert_eq!(ends, [Ok(Some("seven")), Ok(None), Err(ErrorKind::Load)]);
    assert_eq!(gate.calls(), 3);
    assert!(gate.try_next_call().is_none());
}

fn ends_with(
    env: &Env,
    manual: &larder_core::Manual,
    gate: &Gate<u64, &'static str>,
    end: impl FnOnce(larder_testkit::LoadCall<u64, &'static str>),
) -> Result<Option<&'static str>, ErrorKind> {
    let parking = gate.clone();
    let task = Task::start(env, async move { parking.load(&7).await });
    let call = manual.block_on(gate.next_call());
    assert_eq!(call.keys(), [7]);
    end(call);
    manual.run();
    let loaded = task.answer().expect("the load has ended");
    loaded.map(|entry| entry.map(larder_core::Entry::into_value)).map_err(|error| error.kind())
}

#[test]
fn a_parked_load_can_panic() {
    let (env, manual) = Env::manual();
    let gate = Gate::<u64, u64>::new();
    let loader = gate.clone();
    env.spawn(async move { drop(loader.load(&7).await) }).unwrap();
    manual.block_on(gate.next_call()).panic();
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| manual.run())).is_err());
}

#[test]
fn a_call_knows_that_its_caller_has_gone() {
    let (env, manual) = Env::manual();
    let gate = Gate::<u64, u64>::new();
    let parking = gate.clone();
    let caller = Task::start(&env, async move { parking.load(&7).await });
    let call = manual.block_on(gate.next_call());
    assert!(!call.is_abandoned());
    caller.give_up();
    assert_eq!(manual.run(), 0);
    assert!(call.is_abandoned());
    call.release(70);
    assert!(caller.answer().is_none());
}

#[test]
fn writes_are_counted_parked_and_logged() {
    let (env, manual) = Env::manual();
    let gate = WriteGate::<u64, &str>::new();
    let writer = CountingWriter::new(gate.clone());
    let same = writer.clone();
    let changes = [Change::Put(1, "one"), Change::Delete(2)];
    env.spawn(async move { assert!(same.write_many(&changes).await.is_err()) }).unwrap();
    let call = manual.block_on(gate.next_call());
    assert!(call.asked() == &[Change::Put(1, "one"), Change::Delete(2)]);
    call.fail(Error::new(ErrorKind::Write, "writing"));
    assert_eq!(manual.run(), 0);
    assert_eq!((writer.counts().batches(), writer.counts().of(&2)), (vec![2], 1));
}

#[test]
fn an_origin_applies_changes_in_order_and_remembers_them() {
    let (_env, manual) = Env::manual();
    let origin = MapOrigin::from([(1, "one")]);
    let changes = [Change::Put(2, "two"), Change::Put(2, "zwei"), Change::Delete(1)];
    manual.block_on(origin.write_many(&changes)).unwrap();
    assert_eq!(origin.rows().into_iter().collect::<Vec<_>>(), [(2, "zwei")]);
    assert!(origin.log() == changes);
    origin.put(3, "three");
    assert_eq!((origin.get(&3), origin.log().len()), (Some("three"), 3), "behind the cache's back");
}
