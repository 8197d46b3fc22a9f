//! What write-behind promises: the last write of each key reaches the origin, and readers see it all the while.

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Task, kind, poll_once, start};
use larder_core::{
    Change, Entry, Env, Error, ErrorKind, Filled, Lookup, MemoryOptions, Result, Shared, Store, StoreExt,
    Writer,
};
use larder_patterns::{Batch, Full, PatternExt, WriteBehind};
use larder_policies::Lru;
use larder_testkit::{CountingWriter, Faulty, Manual, MapOrigin, MapStore, Op, WriteGate};

const SECOND: Duration = Duration::from_secs(1);

type Cached = Faulty<MapStore<u64, u64>>;
type Queue<W> = Shared<WriteBehind<Cached, W>>;
type Gate = WriteGate<u64, u64>;

fn behind<W: Writer<u64, u64>>(env: &Env, writer: W, batch: Batch<u64, u64>) -> Queue<W> {
    Faulty::new(MapStore::new(env), env).write_behind(writer, batch, env).shared()
}

/// A queue before an origin whose writes wait for the test, and leave at once.
fn gated(size: usize) -> (Env, Manual, Queue<Gate>, Gate) {
    let (env, manual) = Env::manual();
    let gate = Gate::new();
    let store = behind(&env, gate.clone(), Batch::of(size).every(Duration::ZERO));
    (env, manual, store, gate)
}

fn doing<S, T, Fut>(
    env: &Env,
    store: &Shared<S>,
    act: impl FnOnce(Shared<S>) -> Fut,
) -> Task<Result<T, ErrorKind>>
where
    S: Store,
    T: Send + 'static,
    Fut: Future<Output = Result<T>> + Send + 'static,
{
    let future = act(store.clone());
    start(env, async move { kind(future.await) })
}

fn value<S: Store<Key = u64, Value = u64>>(manual: &Manual, store: &S, key: u64) -> Option<u64> {
    manual.block_on(store.value(&key)).unwrap()
}

#[test]
fn a_write_is_acknowledged_and_seen_before_the_origin_has_it() {
    let (_env, manual, store, gate) = gated(1);
    manual.block_on(store.put(1, 10)).unwrap();
    assert_eq!((value(&manual, &store, 1), gate.calls()), (Some(10), 0));
    manual.run();
    let call = gate.try_next_call().unwrap();
    assert!(*call.asked() == [Change::Put(1, 10)]);
    assert_eq!(store.stats().depth, 1);
    call.answer(());
    assert_eq!(manual.run(), 0, "the task ends when nothing is queued");
    assert_eq!((store.stats().depth, store.stats().written), (0, 1));
}

#[test]
fn a_batch_leaves_when_it_is_full_or_its_oldest_write_has_waited_long_enough() {
    let (env, manual) = Env::manual();
    let writer = CountingWriter::new(MapOrigin::<u64, u64>::new());
    let store = behind(&env, writer.clone(), Batch::of(3).every(SECOND));
    let put = |key| manual.block_on(store.put(key, key * 10)).unwrap();
    [1, 2, 3, 4].into_iter().for_each(put);
    manual.run();
    assert_eq!(writer.counts().batches(), [3]);
    manual.advance(SECOND / 2);
    put(5);
    manual.run();
    assert_eq!(store.stats().lag, SECOND / 2);
    manual.advance(Duration::from_nanos(499_999_999));
    manual.run();
    assert_eq!(writer.counts().batches(), [3]);
    manual.advance(Duration::from_nanos(1));
    assert_eq!(manual.run(), 0);
    assert_eq!(writer.counts().batches(), [3, 2]);
    assert_eq!((store.stats().batches, store.stats().lag), (2, Duration::ZERO));
}

#[test]
fn of_many_writes_of_a_key_the_origin_gets_the_last() {
    let (env, manual) = Env::manual();
    let origin = MapOrigin::<u64, u64>::from([(2, 20)]);
    let store = behind(&env, origin.clone(), Batch::of(9));
    manual.block_on(async {
        for value in 0..5 {
            store.put(1, value).await.unwrap();
        }
        assert!(store.remove(&1).await.unwrap());
        store.put(1, 11).await.unwrap();
        store.insert_many(vec![(2, 21.into()), (3, 30.into())]).await.unwrap();
        assert_eq!(store.remove_many(&[2, 4, 2]).await.unwrap(), 1);
        store.flush().await.unwrap();
    });
    assert!(origin.log() == [Change::Put(1, 11), Change::Delete(2), Change::Put(3, 30), Change::Delete(4)]);
}

/// Rows 10 and 11: what is queued during a flush is neither lost nor overtaken.
#[test]
fn a_write_that_comes_while_its_key_is_written_is_written_next() {
    let (_env, manual, store, gate) = gated(8);
    manual.block_on(store.put(1, 10)).unwrap();
    manual.run();
    let first = gate.try_next_call().unwrap();
    manual.block_on(store.remove(&1)).unwrap();
    manual.block_on(store.put(2, 20)).unwrap();
    manual.block_on(store.put(1, 12)).unwrap();
    manual.run();
    assert_eq!(gate.calls(), 1, "one write of a key at a time");
    first.answer(());
    manual.run();
    let mut second = gate.try_next_call().unwrap().asked().clone();
    second.sort_by_key(|change| *change.key());
    assert!(second == [Change::Put(1, 12), Change::Put(2, 20)]);
    assert_eq!(value(&manual, &store, 1), Some(12));
}

/// Row 12.
#[test]
fn a_retry_writes_the_newer_value_and_never_the_older_one_again() {
    let (_env, manual, store, gate) = gated(8);
    manual.block_on(store.put(1, 10)).unwrap();
    manual.run();
    let first = gate.try_next_call().unwrap();
    manual.block_on(store.put(1, 11)).unwrap();
    first.fail(Error::write("a scripted fault"));
    manual.run();
    assert!(gate.try_next_call().is_none(), "it backs off");
    manual.advance(SECOND);
    manual.run();
    let retry = gate.try_next_call().unwrap();
    assert!(*retry.asked() == [Change::Put(1, 11)]);
    retry.answer(());
    assert_eq!(manual.run(), 0);
    assert_eq!((gate.calls(), store.stats().failures, store.stats().retries), (2, 1, 1));
}

/// Row 13.
#[test]
fn an_origin_that_is_down_for_an_hour_loses_nothing_and_is_not_hammered() {
    let (env, manual) = Env::manual();
    let (origin, clock) = (MapOrigin::<u64, u64>::new(), env.clone());
    let rows = origin.clone();
    let writer = CountingWriter::new(move |change: Change<u64, u64>| {
        let (up, origin) = (clock.now().as_nanos() >= 3_600_000_000_000, origin.clone());
        async move { if up { origin.write(&change).await } else { Err(Error::write("down")) } }
    });
    let store = behind(&env, writer.clone(), Batch::of(10));
    for key in 0..10 {
        manual.block_on(store.put(key, key)).unwrap();
    }
    for _ in 0..3_600 {
        manual.run();
        manual.advance(SECOND);
    }
    assert_eq!(store.stats().lag, 3_600 * SECOND);
    assert!(writer.counts().calls() < 10 * 3_600 / 14, "back-off grows to 30 s, half of it at random");
    (0..31).for_each(|_| {
        manual.run();
        manual.advance(SECOND);
    });
    assert_eq!(manual.run(), 0);
    assert_eq!(
        rows.rows().into_iter().collect::<Vec<_>>(),
        (0..10).map(|key| (key, key)).collect::<Vec<_>>()
    );
}

#[test]
fn a_key_that_can_not_be_written_holds_up_no_other() {
    let (env, manual) = Env::manual();
    let origin = MapOrigin::<u64, u64>::new();
    let rows = origin.clone();
    let writer = move |change: Change<u64, u64>| {
        let origin = origin.clone();
        async move { if *change.key() == 3 { Err(Error::write("poison")) } else { origin.write(&change).await } }
    };
    let store = behind(&env, writer, Batch::of(5));
    (1..=5).for_each(|key| manual.block_on(store.put(key, key)).unwrap());
    for _ in 0..10 {
        manual.run();
        manual.advance(SECOND / 10);
    }
    assert_eq!(rows.rows().into_keys().collect::<Vec<_>>(), [1, 2, 4, 5]);
    (6..=10).for_each(|key| manual.block_on(store.put(key, key)).unwrap());
    manual.run();
    assert_eq!(rows.rows().len(), 9);
    assert_eq!((store.stats().depth, value(&manual, &store, 3)), (1, Some(3)));
}

/// Row 15.
#[test]
fn a_pending_write_is_seen_even_after_the_cache_has_evicted_it() {
    let (env, manual) = Env::manual();
    let gate = Gate::new();
    let engine = MemoryOptions::new(1).env(&env).build(Lru::new);
    let store = engine.write_behind(gate.clone(), Batch::of(9), &env);
    for key in 1..=3 {
        manual.block_on(store.put(key, key * 10)).unwrap();
    }
    assert!(!store.inner().contains(&1));
    assert_eq!(store.get_now(&1).and_then(Lookup::value), Some(10));
    let found = manual.block_on(store.get_many(&[3, 1, 9])).unwrap();
    assert_eq!(found.into_iter().map(Lookup::value).collect::<Vec<_>>(), [Some(30), Some(10), None]);
}

/// Row 15: a load that began while a write was pending read the old row, and fills nothing, then or later.
#[test]
fn a_lease_taken_while_a_write_is_pending_is_void_for_ever() {
    let (_env, manual, store, gate) = gated(1);
    let before = manual.block_on(store.lease(&1)).unwrap();
    manual.block_on(store.remove(&1)).unwrap();
    let [during, kept] = [(); 2].map(|()| manual.block_on(store.lease(&1)).unwrap());
    let Lookup::Miss(missed) = manual.block_on(store.get(&1)).unwrap() else {
        panic!("its removal is queued")
    };
    assert!(store.get_now(&1).is_some_and(|found| !found.is_hit()));
    assert_eq!(manual.block_on(store.fill(1, 10.into(), during)).unwrap(), Filled::Void);
    manual.run();
    gate.try_next_call().unwrap().answer(());
    assert_eq!(manual.run(), 0);
    let fills = [missed, kept, before].map(|lease| (1, Entry::new(10), lease));
    assert_eq!(manual.block_on(store.fill_many(fills.into())).unwrap(), [Filled::Void; 3]);
    let after = manual.block_on(store.lease(&1)).unwrap();
    assert!(manual.block_on(store.fill(1, 12.into(), after)).unwrap().is_stored());
}

#[test]
fn a_lease_that_a_failing_cache_left_good_fills_nothing_while_the_write_is_pending() {
    let (_env, manual, store, gate) = gated(1);
    let [first, second, late] = [(); 3].map(|()| manual.block_on(store.lease(&1)).unwrap());
    store.inner().on(Op::Insert).fail();
    manual.block_on(store.put(1, 11)).unwrap();
    assert_eq!(manual.block_on(store.fill(1, 10.into(), first)).unwrap(), Filled::Void);
    assert_eq!(manual.block_on(store.fill_many(vec![(1, 10.into(), second)])).unwrap(), [Filled::Void]);
    manual.run();
    gate.try_next_call().unwrap().answer(());
    assert_eq!(manual.run(), 0);
    assert_eq!(manual.block_on(store.fill(1, 10.into(), late)).unwrap(), Filled::Void);
}

#[test]
fn two_writes_of_one_key_reach_the_queue_and_the_cache_in_the_same_order() {
    let (env, manual, store, gate) = gated(1);
    let slow = store.inner().on(Op::Insert).first(1).hang();
    let first = doing(&env, &store, |store| async move { store.put(1, 11).await });
    let second = doing(&env, &store, |store| async move { store.put(1, 12).await });
    manual.run();
    slow.release();
    manual.run();
    assert_eq!((first.answer(), second.answer()), (Some(Ok(())), Some(Ok(()))));
    while let Some(call) = gate.try_next_call() {
        call.answer(());
        manual.run();
    }
    assert_eq!((value(&manual, store.inner().inner(), 1), store.stats().depth), (Some(12), 0));
}

#[test]
fn a_queued_value_whose_life_has_ended_is_written_before_it_is_looked_for() {
    let (env, manual, store, gate) = gated(1);
    manual.block_on(store.insert(1, Entry::new(10).ttl(SECOND))).unwrap();
    assert!(store.get_now(&1).is_some_and(|found| found.is_hit()));
    manual.advance(SECOND);
    assert!(store.get_now(&1).is_none());
    let read = doing(&env, &store, |store| async move { store.value(&1).await });
    manual.run();
    assert_eq!(read.answer(), None);
    gate.try_next_call().unwrap().answer(());
    manual.run();
    assert_eq!(read.answer(), Some(Ok(None)));
}

/// Row 16.
#[test]
fn a_write_that_is_given_up_goes_to_the_handler_and_leaves_the_cache() {
    let (env, manual) = Env::manual();
    let letters = Arc::new(Mutex::new(Vec::new()));
    let handler = Arc::clone(&letters);
    let batch =
        Batch::of(2).every(Duration::ZERO).give_up_after(3, move |change: Change<u64, u64>, error| {
            handler.lock().unwrap().push((change, error.kind()));
            panic!("a handler may panic");
        });
    let store = behind(&env, |_| async { Err(Error::write("never")) }, batch);
    manual.block_on(store.put(1, 10)).unwrap();
    manual.block_on(store.remove(&2)).unwrap();
    for _ in 0..20 {
        manual.run();
        manual.advance(SECOND);
    }
    assert_eq!(manual.run(), 0);
    let expected = [(Change::Put(1, 10), ErrorKind::Write), (Change::Delete(2), ErrorKind::Write)];
    assert!(*letters.lock().unwrap() == expected);
    assert_eq!((store.stats().dead_letters, store.stats().depth), (2, 0));
    assert_eq!(value(&manual, store.inner().inner(), 1), None);
    assert_eq!(kind(manual.block_on(store.flush())), Ok(()), "what was given up is settled");
}

#[test]
fn a_write_is_not_given_up_for_the_failures_of_the_one_before() {
    let (env, manual) = Env::manual();
    let gate = Gate::new();
    let batch = Batch::of(1).every(Duration::ZERO).give_up_after(1, |_, _| ());
    let store = behind(&env, gate.clone(), batch);
    manual.block_on(store.put(1, 10)).unwrap();
    manual.run();
    manual.block_on(store.put(1, 11)).unwrap();
    gate.try_next_call().unwrap().fail(Error::write("a scripted fault"));
    manual.run();
    manual.advance(SECOND);
    manual.run();
    let call = gate.try_next_call().unwrap();
    assert!(*call.asked() == [Change::Put(1, 11)]);
    assert_eq!(store.stats().dead_letters, 0);
}

#[test]
fn a_writer_that_panics_or_hangs_has_failed() {
    let (env, manual) = Env::manual();
    let gate = Gate::new();
    let batch = Batch::of(1).every(Duration::ZERO).write_deadline(5 * SECOND);
    let store = behind(&env, gate.clone(), batch);
    manual.block_on(store.put(1, 10)).unwrap();
    manual.run();
    gate.try_next_call().unwrap().panic();
    manual.run();
    manual.advance(SECOND);
    manual.run();
    let hung = gate.try_next_call().unwrap();
    manual.advance(5 * SECOND);
    manual.run();
    assert!(hung.is_abandoned());
    manual.advance(SECOND);
    manual.run();
    gate.try_next_call().unwrap().answer(());
    assert_eq!(manual.run(), 0);
    assert_eq!((store.stats().failures, store.stats().written), (2, 1));
}

#[test]
fn a_full_queue_lets_writers_wait_and_one_that_gives_up_leaves_nothing() {
    let (env, manual) = Env::manual();
    let gate = Gate::new();
    let store = behind(&env, gate.clone(), Batch::of(9).every(3_600 * SECOND).capacity(2));
    (1..=2).for_each(|key| manual.block_on(store.put(key, key)).unwrap());
    manual.block_on(store.put(1, 11)).unwrap();
    let third = doing(&env, &store, |store| async move { store.put(3, 3).await });
    let mut fourth = Box::pin(store.put(4, 4));
    assert!(poll_once(&mut fourth).is_pending());
    manual.run();
    assert_eq!(third.answer(), None);
    drop(fourth);
    gate.try_next_call().expect("a full queue does not wait for company").answer(());
    manual.run();
    assert_eq!((third.answer(), store.stats().depth), (Some(Ok(())), 1));
    assert_eq!(value(&manual, &store, 4), None);
}

#[test]
fn batches_larger_than_the_queue_go_through_it_in_parts() {
    let (env, manual) = Env::manual();
    let origin = MapOrigin::<u64, u64>::new();
    let store = behind(&env, origin.clone(), Batch::of(9).capacity(3));
    let write = |keys: std::ops::Range<u64>| {
        let entries: Vec<_> = keys.map(|key| (key, key.into())).collect();
        doing(&env, &store, |store| async move { store.insert_many(entries).await })
    };
    let tasks = [write(0..10), write(5..20), write(10..30)];
    for _ in 0..9 {
        manual.run();
        manual.advance(SECOND);
        assert!(store.stats().depth <= 3);
    }
    assert!(tasks.iter().all(|task| task.answer() == Some(Ok(()))));
    assert_eq!(manual.run(), 0);
    assert_eq!(origin.rows().len(), 30);
    assert_eq!(manual.block_on(store.remove_many(&(0..30).collect::<Vec<_>>())).unwrap(), 30);
}

#[test]
fn a_queue_that_refuses_says_so_and_still_takes_new_values_of_what_it_has() {
    let (_env, manual, store, _gate) = {
        let (env, manual) = Env::manual();
        let gate = Gate::new();
        let store = behind(&env, gate.clone(), Batch::of(9).capacity(1).when_full(Full::Refuse));
        (env, manual, store, gate)
    };
    manual.block_on(store.put(1, 10)).unwrap();
    assert_eq!(kind(manual.block_on(store.put(2, 20))), Err(ErrorKind::Overloaded));
    assert_eq!(kind(manual.block_on(store.remove(&2))), Err(ErrorKind::Overloaded));
    manual.block_on(store.put(1, 11)).unwrap();
    assert_eq!((value(&manual, &store, 1), value(&manual, &store, 2)), (Some(11), None));
    assert_eq!(value(&manual, store.inner().inner(), 2), None);
}

#[test]
fn flush_waits_for_what_was_acknowledged_before_it_and_for_nothing_else() {
    let (env, manual) = Env::manual();
    let gate = Gate::new();
    let store = behind(&env, gate.clone(), Batch::of(9).every(3_600 * SECOND));
    manual.block_on(store.put(1, 10)).unwrap();
    let flush = doing(&env, &store, |store| async move { store.flush().await });
    manual.run();
    let call = gate.try_next_call().expect("flush does not wait for company");
    manual.block_on(store.put(2, 20)).unwrap();
    assert_eq!(flush.answer(), None);
    call.answer(());
    manual.run();
    assert_eq!((flush.answer(), gate.calls(), store.stats().depth), (Some(Ok(())), 1, 1));
}

#[test]
fn a_flush_that_timed_out_leaves_later_writes_waiting_for_company() {
    let (env, manual) = Env::manual();
    let writer = CountingWriter::new(|change: Change<u64, u64>| async move {
        if *change.key() == 1 { Err(Error::write("poison")) } else { Ok(()) }
    });
    let store =
        behind(&env, writer.clone(), Batch::of(3).every(3_600 * SECOND).flush_deadline(Duration::ZERO));
    manual.block_on(store.put(1, 10)).unwrap();
    assert_eq!(kind(manual.block_on(store.flush())), Err(ErrorKind::Timeout));
    manual.run();
    [2, 3, 4].into_iter().for_each(|key| {
        manual.run();
        assert_eq!(writer.counts().of(&2), 0, "the batch is not full");
        manual.block_on(store.put(key, key)).unwrap();
    });
    manual.run();
    assert_eq!(writer.counts().batches(), [1, 3]);
}

#[test]
fn flush_waits_for_the_value_that_came_after_the_one_being_written() {
    let (env, manual, store, gate) = gated(9);
    manual.block_on(store.put(1, 10)).unwrap();
    manual.run();
    let first = gate.try_next_call().unwrap();
    manual.block_on(store.put(1, 11)).unwrap();
    let flush = doing(&env, &store, |store| async move { store.flush().await });
    first.answer(());
    manual.run();
    assert_eq!(flush.answer(), None);
    gate.try_next_call().unwrap().answer(());
    manual.run();
    assert_eq!(flush.answer(), Some(Ok(())));
}

#[test]
fn flush_and_close_end_at_their_deadline_and_say_what_is_left() {
    let (env, manual) = Env::manual();
    let gate = Gate::new();
    let store = behind(&env, gate.clone(), Batch::of(9).flush_deadline(10 * SECOND));
    manual.block_on(store.insert_many(vec![(1, 10.into()), (2, 20.into())])).unwrap();
    for close in [false, true] {
        let store = store.clone();
        let ended = start(&env, async move { if close { store.close().await } else { store.flush().await } });
        manual.run();
        manual.advance(10 * SECOND);
        manual.run();
        let error = ended.answer().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.to_string().contains("2 writes left"), "{error}");
    }
    gate.try_next_call().unwrap().answer(());
    assert_eq!(kind(manual.block_on(store.close())), Ok(()), "closing can be repeated");
}

#[test]
fn close_drains_and_turns_writes_away_also_those_that_wait_for_room() {
    let (env, manual) = Env::manual();
    let gate = Gate::new();
    let store = behind(&env, gate.clone(), Batch::of(9).capacity(1));
    manual.block_on(store.put(1, 10)).unwrap();
    let waiting = doing(&env, &store, |store| async move { store.put(2, 20).await });
    manual.run();
    let close = doing(&env, &store, |store| async move { store.close().await });
    manual.run();
    assert_eq!((waiting.answer(), close.answer()), (Some(Err(ErrorKind::Closed)), None));
    gate.try_next_call().unwrap().answer(());
    assert_eq!(manual.run(), 0);
    assert_eq!(close.answer(), Some(Ok(())));
    assert_eq!(kind(manual.block_on(store.put(1, 11))), Err(ErrorKind::Closed));
    assert_eq!(value(&manual, &store, 1), Some(10));
    assert_eq!(kind(manual.block_on(store.close())), Ok(()));
}

#[test]
fn what_is_queued_is_written_after_the_store_is_dropped() {
    let (_env, manual, store, gate) = gated(1);
    manual.block_on(store.put(1, 10)).unwrap();
    drop(store);
    assert_eq!(manual.run(), 1);
    gate.try_next_call().unwrap().answer(());
    assert_eq!(manual.run(), 0, "and then the task ends");
}

#[test]
fn a_cache_that_takes_no_values_costs_no_write_and_shows_no_old_value() {
    let (_env, manual, store, gate) = gated(1);
    manual.block_on(store.inner().put(1, 9)).unwrap();
    store.inner().on(Op::Insert).fail();
    let down = store.inner().on(Op::Remove).fail();
    manual.block_on(store.put(1, 10)).unwrap();
    manual.run();
    gate.try_next_call().unwrap().answer(());
    manual.run();
    assert_eq!(value(&manual, store.inner().inner(), 1), Some(9));
    assert_eq!((value(&manual, &store, 1), store.stats().depth), (Some(10), 1));
    down.lift();
    manual.advance(SECOND);
    assert_eq!(manual.run(), 0);
    assert_eq!(value(&manual, &store, 1), None);
    assert_eq!((store.stats().written, store.stats().store_errors, gate.calls()), (1, 2, 1));
}

#[test]
fn a_cache_that_hangs_holds_up_the_queue_only_until_the_deadline() {
    let (env, manual) = Env::manual();
    let origin = MapOrigin::<u64, u64>::new();
    let batch = Batch::of(1).every(Duration::ZERO).write_deadline(SECOND);
    let store = behind(&env, origin.clone(), batch);
    store.inner().on(Op::Insert).first(1).fail();
    let hang = store.inner().on(Op::Remove).hang();
    manual.block_on(store.put(1, 10)).unwrap();
    manual.run();
    manual.block_on(store.put(2, 20)).unwrap();
    manual.run();
    assert_eq!((origin.get(&1), origin.get(&2)), (Some(10), None));
    manual.advance(SECOND);
    manual.run();
    assert_eq!((origin.get(&2), value(&manual, &store, 1)), (Some(20), Some(10)));
    hang.lift();
    manual.advance(SECOND);
    assert_eq!(manual.run(), 0);
}

#[test]
fn a_removal_that_the_cache_does_not_take_is_queued_and_seen() {
    let (_env, manual, store, _gate) = gated(9);
    manual.block_on(store.inner().put(1, 9)).unwrap();
    store.inner().on(Op::Remove).fail();
    assert!(!manual.block_on(store.remove(&1)).unwrap(), "it can't say");
    assert_eq!((value(&manual, &store, 1), store.stats().store_errors), (None, 1));
}

#[test]
fn a_write_dropped_while_the_cache_takes_it_is_queued_and_the_copy_doubted() {
    let (_env, manual, store, gate) = gated(1);
    manual.block_on(store.inner().put(1, 9)).unwrap();
    store.inner().on(Op::Insert).hang();
    let mut write = Box::pin(store.put(1, 10));
    assert!(poll_once(&mut write).is_pending());
    manual.run();
    gate.try_next_call().unwrap().answer(());
    manual.run();
    assert_eq!(
        (value(&manual, &store, 1), store.stats().depth),
        (Some(10), 1),
        "not before the cache has it"
    );
    drop(write);
    assert_eq!(manual.run(), 0);
    assert_eq!((value(&manual, &store, 1), value(&manual, store.inner().inner(), 1)), (None, None));
}

#[test]
fn clear_empties_the_cache_and_not_the_queue() {
    let (_env, manual, store, gate) = gated(1);
    manual.block_on(store.put(1, 10)).unwrap();
    manual.block_on(store.clear()).unwrap();
    assert_eq!((value(&manual, store.inner().inner(), 1), value(&manual, &store, 1)), (None, Some(10)));
    manual.run();
    gate.try_next_call().unwrap().answer(());
    assert_eq!(manual.run(), 0);
    assert_eq!(value(&manual, &store, 1), None);
}

/// The look before the cache is asked finds nothing pending; then the write comes, is evicted and is flushed, while
/// the cache loads the old row under a lease that it took after the write.
#[test]
fn a_load_inside_that_began_between_the_write_and_its_flush_is_not_kept() {
    let (env, manual) = Env::manual();
    let (gate, rows) = (Gate::new(), larder_testkit::Gate::<u64, u64>::new());
    let engine = MapStore::<u64, u64>::new(&env).shared();
    let slow = Faulty::new(engine.clone().read_through_in(rows.clone(), &env), &env);
    let hang = slow.on(Op::Get).hang();
    let store = slow.write_behind(gate.clone(), Batch::of(1).every(Duration::ZERO), &env).shared();
    let read = doing(&env, &store, |store| async move { store.value(&1).await });
    manual.run();
    assert_eq!(hang.injected(), 1, "it has looked, and is about to ask the cache");
    manual.block_on(store.put(1, 11)).unwrap();
    manual.block_on(engine.remove(&1)).unwrap();
    hang.lift();
    manual.run();
    let load = rows.try_next_call().unwrap();
    gate.try_next_call().unwrap().answer(());
    manual.run();
    load.release(10_u64);
    manual.run();
    assert_eq!(read.answer(), Some(Ok(Some(10))), "it began before the write");
    assert_eq!((value(&manual, &engine, 1), store.stats().depth), (None, 0));
}

#[test]
fn over_tiers_that_load_a_queued_removal_hides_the_row_that_is_still_there() {
    let (env, manual) = Env::manual();
    let origin = MapOrigin::<u64, u64>::from([(1, 10), (2, 20)]);
    let near = MemoryOptions::new(1).env(&env).build(Lru::new);
    let tower = MapStore::new(&env)
        .fronted_by(near)
        .read_through_in(origin.clone(), &env)
        .write_behind(origin.clone(), Batch::of(9), &env)
        .into_dyn();
    let read = |key| manual.block_on(tower.value(&key)).unwrap();
    assert_eq!((read(1), read(2)), (Some(10), Some(20)));
    manual.block_on(tower.put(2, 21)).unwrap();
    assert!(manual.block_on(tower.remove(&1)).unwrap());
    assert_eq!((read(1), read(2), origin.get(&1), origin.get(&2)), (None, Some(21), Some(10), Some(20)));
    manual.block_on(tower.flush()).unwrap();
    assert_eq!((read(1), read(2), origin.get(&1), origin.get(&2)), (None, Some(21), None, Some(21)));
}

#[test]
fn every_operation_can_run_in_a_task() {
    let (env, manual) = Env::manual();
    let store = behind(&env, MapOrigin::<u64, u64>::new(), Batch::of(9));
    let done = start(&env, async move {
        store.insert_many(vec![(1, 10.into())]).await?;
        store.get_many(&[1, 2]).await?;
        store.remove_many(&[1]).await?;
        store.put(1, 10).await?;
        store.remove(&1).await?;
        store.clear().await?;
        store.flush().await?;
        store.close().await
    });
    manual.run();
    assert!(done.answer().unwrap().is_ok());
}
