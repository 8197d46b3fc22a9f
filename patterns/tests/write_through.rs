//! What write-through and write-around promise: the origin first, and never a cached value that it has not.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use common::{kind, poll_once, start};
use larder_core::{
    BoxFuture, Change, Env, Error, ErrorKind, Filled, Lookup, MemoryOptions, Result, Store, StoreExt, Writer,
};
use larder_patterns::{PatternExt, WriteAround, WriteThrough};
use larder_policies::Lru;
use larder_testkit::store::{Options, conforms};
use larder_testkit::{CountingWriter, Faulty, Manual, MapOrigin, MapStore, Op, WriteCall, WriteGate};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

type Cached = Faulty<MapStore<u64, u64>>;
type Through = WriteThrough<Cached, WriteGate<u64, u64>>;
type Around = WriteAround<Cached, WriteGate<u64, u64>>;

/// A cache that fails when told, before an origin whose writes wait for the test.
fn gated() -> (Env, Manual, Cached, WriteGate<u64, u64>) {
    let (env, manual) = Env::manual();
    let cached = Faulty::new(MapStore::new(&env), &env);
    (env, manual, cached, WriteGate::new())
}

fn through() -> (Env, Manual, Arc<Through>, WriteGate<u64, u64>) {
    let (env, manual, cached, gate) = gated();
    (env, manual, Arc::new(cached.write_through(gate.clone())), gate)
}

fn around() -> (Env, Manual, Arc<Around>, WriteGate<u64, u64>) {
    let (env, manual, cached, gate) = gated();
    (env, manual, Arc::new(cached.write_around(gate.clone())), gate)
}

fn put<S: Store<Key = u64, Value = u64>>(
    store: &Arc<S>,
    value: u64,
) -> impl Future<Output = Result<(), ErrorKind>> + Send + use<S> {
    let store = Arc::clone(store);
    async move { kind(store.put(1, value).await) }
}

fn cached<S: Store<Key = u64, Value = u64>>(manual: &Manual, store: &S) -> Option<u64> {
    manual.block_on(store.value(&1)).unwrap()
}

#[test]
fn a_write_reaches_the_origin_before_the_cache_has_it() {
    let (env, manual, store, gate) = through();
    let write = start(&env, put(&store, 10));
    manual.run();
    let call = gate.try_next_call().unwrap();
    assert!(*call.asked() == [Change::Put(1, 10)]);
    assert_eq!(cached(&manual, &*store), None);
    call.answer(());
    manual.run();
    assert_eq!((write.answer(), cached(&manual, &*store)), (Some(Ok(())), Some(10)));
}

#[test]
fn write_around_leaves_the_value_to_the_next_reader_and_keeps_no_old_one() {
    let (env, manual, store, gate) = around();
    manual.block_on(store.inner().put(1, 10)).unwrap();
    let write = start(&env, put(&store, 11));
    manual.run();
    gate.try_next_call().unwrap().answer(());
    manual.run();
    assert_eq!((write.answer(), cached(&manual, &*store)), (Some(Ok(())), None));
}

#[test]
fn a_batch_is_one_call_of_the_writer_in_the_order_given() {
    let (env, manual) = Env::manual();
    let origin = MapOrigin::<u64, u64>::from([(3, 30)]);
    let writer = CountingWriter::new(origin.clone());
    let store = MapStore::new(&env).write_through(writer.clone());
    manual.block_on(async {
        store.insert_many(vec![(1, 10.into()), (2, 20.into()), (1, 11.into())]).await.unwrap();
        assert_eq!(store.remove_many(&[2, 3]).await.unwrap(), 1);
        store.insert_many(Vec::new()).await.unwrap();
        assert_eq!(store.value(&1).await.unwrap(), Some(11));
    });
    assert_eq!(writer.counts().batches(), [3, 2]);
    assert_eq!(origin.rows().into_iter().collect::<Vec<_>>(), [(1, 11)]);
}

#[test]
fn a_removal_deletes_at_the_origin_and_clear_does_not() {
    let (env, manual) = Env::manual();
    let origin = MapOrigin::<u64, u64>::new();
    let store = MapStore::new(&env).write_through(origin.clone());
    manual.block_on(async {
        store.insert_many(vec![(1, 10.into()), (2, 20.into())]).await.unwrap();
        assert!(store.remove(&1).await.unwrap());
        assert!(!store.remove(&1).await.unwrap());
        store.clear().await.unwrap();
        assert_eq!(store.value(&2).await.unwrap(), None);
    });
    assert_eq!((origin.get(&1), origin.get(&2)), (None, Some(20)));
}

/// Race 8: whatever step fails, and whether it was done or not, the cache has neither the new value nor a doubtful one.
#[test]
fn a_write_that_fails_at_any_step_leaves_the_key_invalidated() {
    type Fail = fn(&Cached, &AtomicUsize);
    let steps: [(Fail, ErrorKind, usize); 6] = [
        (|cached, _| drop(cached.on(Op::Remove).first(1).fail()), ErrorKind::Store, 0),
        (|cached, _| drop(cached.on(Op::Remove).first(1).lose_reply()), ErrorKind::Store, 0),
        (|_, mode| mode.store(FAIL, Ordering::Relaxed), ErrorKind::Write, 0),
        (|_, mode| mode.store(LOSE_REPLY, Ordering::Relaxed), ErrorKind::Write, 1),
        (|_, mode| mode.store(PANIC, Ordering::Relaxed), ErrorKind::Panicked, 0),
        (|cached, _| drop(cached.on(Op::Insert).first(1).lose_reply()), ErrorKind::Store, 1),
    ];
    for (at, (fail, expected, written)) in steps.into_iter().enumerate() {
        for many in [false, true] {
            let (env, manual) = Env::manual();
            let writer = Unreliable::default();
            let store = Faulty::new(MapStore::new(&env), &env).write_through(writer.clone());
            manual.block_on(store.inner().put(1, 10)).unwrap();
            fail(store.inner(), &writer.mode);
            let outcome = if many {
                manual.block_on(store.insert_many(vec![(1, 11.into()), (2, 21.into())]))
            } else {
                manual.block_on(store.put(1, 11))
            };
            assert_eq!(kind(outcome), Err(expected), "step {at}");
            assert_eq!(cached(&manual, &store), None, "step {at}");
            assert_eq!(usize::from(writer.origin.get(&1) == Some(11)), written, "step {at}");
        }
    }
}

#[test]
fn a_removal_that_fails_leaves_the_key_invalidated() {
    let (env, manual) = Env::manual();
    let writer = Unreliable::default();
    let store = MapStore::new(&env).write_through(writer.clone());
    manual.block_on(store.put(1, 10)).unwrap();
    writer.mode.store(FAIL, Ordering::Relaxed);
    assert_eq!(kind(manual.block_on(store.remove(&1))), Err(ErrorKind::Write));
    assert_eq!(cached(&manual, &store), None);
    assert_eq!(kind(manual.block_on(store.remove_many(&[1, 2]))), Err(ErrorKind::Write));
    assert_eq!(writer.origin.get(&1), Some(10));
}

/// Race 9: who read the old row before the write or during it fills nothing that outlives the write.
#[test]
fn a_reader_who_loads_the_old_row_meanwhile_fills_nothing_that_stays() {
    let (env, manual, store, gate) = through();
    let before = manual.block_on(store.lease(&1)).unwrap();
    let write = start(&env, put(&store, 11));
    manual.run();
    let Lookup::Miss(early) = manual.block_on(store.get(&1)).unwrap() else { panic!("it is invalidated") };
    let late = manual.block_on(store.lease(&1)).unwrap();
    assert_eq!(manual.block_on(store.fill(1, 10.into(), before)).unwrap(), Filled::Void);
    assert!(manual.block_on(store.fill(1, 10.into(), early)).unwrap().is_stored());
    gate.try_next_call().unwrap().answer(());
    manual.run();
    assert_eq!((write.answer(), cached(&manual, &*store)), (Some(Ok(())), Some(11)));
    assert_eq!(manual.block_on(store.fill(1, 10.into(), late)).unwrap(), Filled::Void);
}

/// Lets a reader fill the old row while a write is parked, and ends the write. Nothing old may stay, nor come later.
fn nothing_old_stays<S: Store<Key = u64, Value = u64>>(
    manual: &Manual,
    store: &Arc<S>,
    gate: &WriteGate<u64, u64>,
    end: impl FnOnce(&mut BoxFuture<'_, Result<(), ErrorKind>>, WriteCall<u64, u64>) -> bool,
) {
    let mut write: BoxFuture<'_, _> = Box::pin(put(store, 11));
    assert!(poll_once(&mut write).is_pending());
    let [early, late] = [(); 2].map(|()| manual.block_on(store.lease(&1)).unwrap());
    assert!(manual.block_on(store.fill(1, 10.into(), early)).unwrap().is_stored());
    assert!(end(&mut write, gate.try_next_call().unwrap()), "the write ends as it should");
    drop(write);
    assert_eq!(cached(manual, &**store), None);
    assert_eq!(manual.block_on(store.fill(1, 10.into(), late)).unwrap(), Filled::Void);
}

#[test]
fn nor_does_he_when_the_write_fails() {
    let (_env, manual, store, gate) = through();
    nothing_old_stays(&manual, &store, &gate, |write, call| {
        call.fail(Error::write("a scripted fault"));
        poll_once(write) == Poll::Ready(Err(ErrorKind::Write))
    });
}

#[test]
fn nor_does_he_when_the_write_is_dropped_midway() {
    let (_env, manual, store, gate) = through();
    nothing_old_stays(&manual, &store, &gate, |_, call| {
        drop(call);
        true
    });
}

#[test]
fn nor_does_he_when_the_write_goes_around() {
    let (_env, manual, store, gate) = around();
    nothing_old_stays(&manual, &store, &gate, |write, call| {
        call.answer(());
        poll_once(write) == Poll::Ready(Ok(()))
    });
}

#[test]
fn the_next_write_of_a_key_begins_when_the_one_before_has_ended() {
    let (env, manual, store, gate) = through();
    let (first, second) = (start(&env, put(&store, 11)), start(&env, put(&store, 12)));
    manual.run();
    assert_eq!(gate.calls(), 1);
    gate.try_next_call().unwrap().answer(());
    manual.run();
    assert_eq!((first.answer(), cached(&manual, &*store)), (Some(Ok(())), None));
    gate.try_next_call().unwrap().answer(());
    manual.run();
    assert_eq!((second.answer(), cached(&manual, &*store)), (Some(Ok(())), Some(12)));
}

#[test]
fn a_load_inside_that_began_before_the_write_is_not_kept() {
    let (env, manual) = Env::manual();
    let origin = MapOrigin::<u64, u64>::from([(1, 10)]);
    let gate = larder_testkit::Gate::new();
    let store =
        Arc::new(MapStore::new(&env).read_through_in(gate.clone(), &env).write_through(origin.clone()));
    let reader = Arc::clone(&store);
    let read = start(&env, async move { reader.value(&1).await.unwrap() });
    manual.run();
    manual.block_on(store.put(1, 11)).unwrap();
    gate.try_next_call().unwrap().release(10_u64);
    manual.run();
    assert_eq!(read.answer(), Some(Some(10)));
    assert_eq!((cached(&manual, &*store), origin.get(&1)), (Some(11), Some(11)));
}

#[test]
fn they_keep_the_contract_of_a_store() {
    let (env, manual) = Env::manual();
    let options = || Options::manual(|n| n, |n| n, &manual);
    let engine = || MemoryOptions::<u64, u64>::new(10_000).env(&env).build(Lru::new);
    let map = || MapStore::<u64, u64>::new(&env);
    let origin = MapOrigin::<u64, u64>::new;
    manual.block_on(conforms(async || map().write_through(origin()), &options()));
    manual.block_on(conforms(async || engine().write_through(origin()), &options().coarse_leases()));
    manual.block_on(conforms(async || map().write_around(origin()), &options().lossy()));
    manual.block_on(conforms(async || engine().write_around(origin()), &options().lossy().coarse_leases()));
}

const WELL: usize = 0;
const FAIL: usize = 1;
const LOSE_REPLY: usize = 2;
const PANIC: usize = 3;

/// Writes a map, or fails before or after it has.
#[derive(Clone, Default)]
struct Unreliable {
    origin: MapOrigin<u64, u64>,
    mode: Arc<AtomicUsize>,
}

impl Writer<u64, u64> for Unreliable {
    fn write<'a>(&'a self, change: &'a Change<u64, u64>) -> BoxFuture<'a, Result<()>> {
        self.write_many(std::slice::from_ref(change))
    }

    fn write_many<'a>(&'a self, changes: &'a [Change<u64, u64>]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            match self.mode.load(Ordering::Relaxed) {
                WELL => self.origin.write_many(changes).await,
                LOSE_REPLY => {
                    self.origin.write_many(changes).await?;
                    Err(Error::write("a scripted loss of the reply"))
                }
                PANIC => panic!("a scripted panic"),
                _ => Err(Error::write("a scripted fault")),
            }
        })
    }
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u64, u64),
    InsertMany(u64, u64),
    Remove(u64),
    Load(u64),
    Clear,
    Writer(usize),
    Cache(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0_u64..3;
    prop_oneof![
        4 => (key(), any::<u64>()).prop_map(|(key, value)| Step::Insert(key, value)),
        1 => (key(), any::<u64>()).prop_map(|(key, value)| Step::InsertMany(key, value)),
        2 => key().prop_map(Step::Remove),
        3 => key().prop_map(Step::Load),
        1 => Just(Step::Clear),
        2 => (WELL..=PANIC).prop_map(Step::Writer),
        1 => (0_usize..3).prop_map(Step::Cache),
    ]
}

proptest! {
    /// Whatever fails on the way, what the cache has is what the origin has.
    #[test]
    fn a_cached_value_is_the_origins(steps in proptest::collection::vec(step(), 0..60)) {
        let (env, manual) = Env::manual();
        let writer = Unreliable::default();
        let store = Faulty::new(MapStore::new(&env), &env).write_through(writer.clone());
        manual.block_on(async {
            for step in steps {
                match step {
                    Step::Insert(key, value) => drop(store.put(key, value).await),
                    Step::InsertMany(key, value) => {
                        let next = ((key + 1) % 3, (value / 2).into());
                        drop(store.insert_many(vec![(key, value.into()), next]).await);
                    }
                    Step::Remove(key) => drop(store.remove(&key).await),
                    Step::Load(key) => {
                        if let Ok(Lookup::Miss(lease)) = store.get(&key).await
                            && let Some(row) = writer.origin.get(&key)
                        {
                            drop(store.fill(key, row.into(), lease).await);
                        }
                    }
                    Step::Clear => drop(store.clear().await),
                    Step::Writer(mode) => writer.mode.store(mode, Ordering::Relaxed),
                    Step::Cache(0) => store.inner().faults().lift_all(),
                    Step::Cache(nth) => {
                        let op = if nth == 1 { Op::Insert } else { Op::Remove };
                        drop(store.inner().on(op).first(1).lose_reply());
                    }
                }
                for key in 0..3 {
                    if let Ok(Some(value)) = store.inner().inner().value(&key).await {
                        assert_eq!(Some(value), writer.origin.get(&key));
                    }
                }
            }
        });
    }
}
