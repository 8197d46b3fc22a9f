//! The races that caches get wrong, as far as loading, tiers and `Cache` can meet them. Each test names its race.

mod common;
#[path = "common/late.rs"]
mod late;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use common::{Task, kind, poll_once, start};
use larder_core::{
    Entry, Env, Error, ErrorKind, Loader, Lookup, Memory, MemoryOptions, Result, Store, StoreExt,
};
use larder_patterns::{Cache, PatternExt, ReadThrough};
use larder_policies::Lru;
use larder_testkit::{CountingLoader, Faulty, Gate, Manual, MapOrigin, MapStore, Op};
use late::LateReply;

type Engine = Memory<u64, u64, Lru>;
type Gated = Arc<ReadThrough<Engine, Gate<u64, u64>>>;

const SECOND: Duration = Duration::from_secs(1);

fn engine(env: &Env) -> Engine {
    MemoryOptions::new(1_000).env(env).build(Lru::new)
}

/// A world, a gate that parks every load, and a cache that loads through it.
struct World {
    env: Env,
    manual: Manual,
    gate: Gate<u64, u64>,
    store: Gated,
    cache: Cache<u64, u64>,
}

impl World {
    fn new() -> Self {
        let (env, manual) = Env::manual();
        let gate = Gate::new();
        let store = Arc::new(engine(&env).read_through_in(gate.clone(), &env));
        let cache = Cache::builder().env(&env).build().unwrap();
        Self { env, manual, gate, store, cache }
    }

    fn ask(&self, key: u64) -> Task<Result<Option<u64>, ErrorKind>> {
        let store = Arc::clone(&self.store);
        let task = start(&self.env, async move { kind(store.value(&key).await) });
        self.manual.run();
        task
    }

    /// The same through `Cache`.
    fn ask_cache(&self, key: u64) -> Task<Result<u64, ErrorKind>> {
        let (cache, gate) = (self.cache.clone(), self.gate.clone());
        let load = move || async move { Ok(gate.load(&key).await?.map_or(0, Entry::into_value)) };
        let task = start(&self.env, async move { kind(cache.get_or_load(&key, load).await) });
        self.manual.run();
        task
    }

    fn refresh(&self, key: u64) -> Task<Result<u64, ErrorKind>> {
        let (cache, gate) = (self.cache.clone(), self.gate.clone());
        let load = move || async move { Ok(gate.load(&key).await?.map_or(0, Entry::into_value)) };
        let task = start(&self.env, async move { kind(cache.refresh(&key, load).await) });
        self.manual.run();
        task
    }

    fn release(&self, value: u64) {
        self.gate.try_next_call().expect("a load is parked").release(value);
        self.manual.run();
    }

    fn does<T>(&self, operation: impl Future<Output = Result<T>>) -> T {
        self.manual.block_on(operation).unwrap()
    }
}

/// Race 1: a stale set. The load starts, the key is removed, the load ends.
#[test]
fn a_value_loaded_before_a_removal_is_not_kept() {
    let world = World::new();
    let waiter = world.ask(1);
    world.does(world.store.remove(&1));
    world.release(10);
    assert_eq!(waiter.answer(), Some(Ok(Some(10))), "who waits already may get it");
    let next = world.ask(1);
    assert_eq!(world.gate.calls(), 2, "the next look-up loads");
    world.release(11);
    assert_eq!(next.answer(), Some(Ok(Some(11))));

    let waiter = world.ask_cache(1);
    world.cache.remove(&1);
    world.release(10);
    assert_eq!((waiter.answer(), world.cache.get(&1)), (Some(Ok(10)), None));
    let waiter = world.ask_cache(1);
    world.cache.clear();
    world.release(10);
    assert_eq!((waiter.answer(), world.cache.get(&1)), (Some(Ok(10)), None));
}

/// Race 3: a refresh resurrects a deleted key.
#[test]
fn a_refresh_does_not_bring_back_what_was_removed_meanwhile() {
    let world = World::new();
    world.cache.insert(1, 10);
    let refresh = world.refresh(1);
    assert!(world.cache.remove(&1));
    world.release(11);
    assert_eq!((refresh.answer(), world.cache.get(&1)), (Some(Ok(11)), None));
}

/// Race 4: a refresh slower than its period is started over and never applied.
#[test]
fn refreshes_that_come_faster_than_loads_end_are_applied_all_the_same() {
    let world = World::new();
    world.cache.insert(1, 10);
    let periods: Vec<_> = (0..5).map(|_| world.refresh(1)).collect();
    assert_eq!(world.gate.calls(), 1, "the first goes on, the others wait for the one after it");
    world.release(11);
    assert_eq!((periods[0].answer(), world.cache.get(&1)), (Some(Ok(11)), Some(11)));
    world.release(12);
    assert!(periods[1..].iter().all(|task| task.answer() == Some(Ok(12))));
    assert_eq!((world.cache.get(&1), world.gate.calls()), (Some(12), 2));
}

/// Race 5: an old load takes away the slot of a newer one. Two generations end in reverse.
#[test]
fn a_load_that_ends_late_does_not_free_the_slot_of_the_next_one() {
    for late_first in [true, false] {
        let world = World::new();
        let old = world.ask(1);
        world.does(world.store.remove(&1));
        let new = world.ask(1);
        let (older, newer) = (world.gate.try_next_call().unwrap(), world.gate.try_next_call().unwrap());
        if late_first {
            older.release(10);
            world.manual.run();
            let joined = world.ask(1);
            assert_eq!(world.gate.calls(), 2, "the newer load still has its slot");
            newer.release(11);
            world.manual.run();
            assert_eq!(joined.answer(), Some(Ok(Some(11))));
        } else {
            newer.release(11);
            world.manual.run();
            older.release(10);
            world.manual.run();
        }
        assert_eq!((old.answer(), new.answer()), (Some(Ok(Some(10))), Some(Ok(Some(11)))));
        assert_eq!(world.does(world.store.value(&1)), Some(11));
    }
}

/// Race 7: a promotion resurrects a value that was deleted after the far hit.
#[test]
fn a_promotion_does_not_bring_back_what_was_removed_meanwhile() {
    let (env, manual) = Env::manual();
    let tiers = Arc::new(LateReply::new(&env).fronted_by(engine(&env)));
    manual.block_on(tiers.far().put(1, 10)).unwrap();
    tiers.far().is_late.store(true, Ordering::Relaxed);
    let reader = Arc::clone(&tiers);
    let read = start(&env, async move { kind(reader.value(&1).await) });
    manual.run();
    assert!(manual.block_on(tiers.remove(&1)).unwrap());
    manual.advance(SECOND);
    manual.run();
    assert_eq!(read.answer(), Some(Ok(Some(10))));
    assert_eq!(tiers.near().get(&1), None);
}

/// Race 20: the TTL restarts on promotion.
#[test]
fn a_copy_made_at_nine_tenths_of_a_life_lives_the_last_tenth() {
    let (env, manual) = Env::manual();
    let near: Engine = MemoryOptions::new(10).ttl(100 * SECOND).env(&env).build(Lru::new);
    let tiers = MapStore::new(&env).ttl(100 * SECOND).fronted_by(near);
    manual.block_on(tiers.far().put(1, 10)).unwrap();
    manual.advance(90 * SECOND);
    assert_eq!(manual.block_on(tiers.value(&1)).unwrap(), Some(10));
    manual.advance(10 * SECOND);
    assert_eq!(tiers.near().get(&1), None);
}

/// Race 21: an expiry found late deletes a fresh value.
#[test]
fn a_miss_by_expiry_does_not_harm_the_value_written_after_it() {
    let world = World::new();
    world.does(world.store.insert(1, Entry::new(10).ttl(SECOND)));
    world.manual.advance(SECOND);
    let late = world.ask(1);
    world.does(world.store.put(1, 12));
    world.release(11);
    assert_eq!(late.answer(), Some(Ok(Some(11))));
    assert_eq!(world.store.inner().prune(), 0);
    assert_eq!(world.does(world.store.value(&1)), Some(12));
}

/// Race 23: an error is cached, or shared with those who come later.
#[test]
fn an_error_reaches_those_who_wait_and_nobody_later() {
    let world = World::new();
    let waiters = [world.ask(1), world.ask(1)];
    world.gate.try_next_call().unwrap().fail(Error::load("down"));
    world.manual.run();
    assert!(waiters.iter().all(|task| task.answer() == Some(Err(ErrorKind::Load))));
    let later = world.ask(1);
    world.release(10);
    assert_eq!(later.answer(), Some(Ok(Some(10))));
}

/// Race 24: who retries when woken by an error meets the failed load again.
#[test]
fn a_retry_inside_the_waiter_is_a_new_load() {
    let world = World::new();
    let store = Arc::clone(&world.store);
    let retrying = start(&world.env, async move {
        let first = kind(store.value(&1).await);
        (first, kind(store.value(&1).await))
    });
    world.manual.run();
    world.gate.try_next_call().unwrap().fail(Error::load("down"));
    world.manual.run();
    world.release(10);
    assert_eq!(retrying.answer(), Some((Err(ErrorKind::Load), Ok(Some(10)))));
}

/// Race 24, on an executor that polls as soon as it is woken: the slot is free before anyone is woken.
#[test]
fn who_is_woken_finds_the_slot_free() {
    struct Look(Gated, AtomicUsize);
    impl Wake for Look {
        fn wake(self: Arc<Self>) {
            self.1.store(self.0.in_flight(), Ordering::Relaxed);
        }
    }
    let world = World::new();
    let look = Arc::new(Look(Arc::clone(&world.store), AtomicUsize::new(usize::MAX)));
    let mut caller = Box::pin(world.store.value(&1));
    let waker = Waker::from(Arc::clone(&look));
    assert!(caller.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    world.manual.run();
    world.release(10);
    assert_eq!(look.1.load(Ordering::Relaxed), 0);
}

/// Races 27 and 48: the leader is cancelled, at each of its waits, and the followers fail or hang.
#[test]
fn a_caller_that_is_dropped_harms_nobody_who_waits() {
    for polls in 1..4 {
        let world = World::new();
        let mut leader = Box::pin(world.store.value(&1));
        for _ in 0..polls {
            assert!(poll_once(&mut leader).is_pending());
            world.manual.run();
        }
        let follower = world.ask(1);
        drop(leader);
        world.manual.run();
        assert_eq!(world.gate.calls(), 1);
        world.release(10);
        assert_eq!(follower.answer(), Some(Ok(Some(10))));
    }
}

/// Race 28: the slot is freed while others hold it, so that newcomers and old waiters load twice.
#[test]
fn a_waiter_that_leaves_does_not_make_the_next_one_load_again() {
    let world = World::new();
    let mut leaving = Box::pin(world.store.value(&1));
    assert!(poll_once(&mut leaving).is_pending());
    let staying = world.ask(1);
    drop(leaving);
    let third = world.ask(1);
    assert_eq!(world.gate.calls(), 1);
    world.release(10);
    assert_eq!((staying.answer(), third.answer()), (Some(Ok(Some(10))), Some(Ok(Some(10)))));
}

/// Race 29: the loader panics and its key is dead for ever. Before its first wait, and after it.
#[test]
fn a_loader_that_panics_is_an_error_to_those_who_wait_and_its_key_is_free() {
    let world = World::new();
    let waiters = [world.ask(1), world.ask(1)];
    world.gate.try_next_call().unwrap().panic();
    world.manual.run();
    assert!(waiters.iter().all(|task| task.answer() == Some(Err(ErrorKind::Panicked))));
    assert_eq!((world.store.in_flight(), world.store.stats().failed), (0, 1));

    let panics = |key: u64| {
        assert!(key > 1, "the test lets this loader panic at once");
        async move { Ok(Some(key)) }
    };
    let store = engine(&world.env).read_through_in(panics, &world.env);
    assert_eq!(kind(world.manual.block_on(store.value(&1))), Err(ErrorKind::Panicked));
    assert_eq!((store.in_flight(), store.inner().len()), (0, 0));
    assert_eq!(kind(world.manual.block_on(store.value(&2))), Ok(Some(2)));
    let batch = world.manual.block_on(store.get_many(&[1, 3]));
    assert_eq!(kind(batch).map(|_| ()), Err(ErrorKind::Panicked));
    assert_eq!((store.in_flight(), store.inner().len()), (0, 1));

    let broken = || -> std::future::Ready<Result<u64>> { panic!("the test lets this loader panic at once") };
    assert_eq!(kind(world.manual.block_on(world.cache.get_or_load(&1, broken))), Err(ErrorKind::Panicked));
    assert_eq!(kind(world.manual.block_on(world.cache.get_or_load(&1, || async { Ok(10) }))), Ok(10));
}

/// Race 30: the slot is freed before the value can be seen, or seen to be there after a miss: a second load.
#[test]
fn who_missed_before_a_load_ended_and_comes_after_it_does_not_load_again() {
    let (env, manual) = Env::manual();
    let origin = MapOrigin::from_iter([(1, 10)]);
    let loader = CountingLoader::new(origin);
    let store = Arc::new(LateReply::new(&env).read_through_in(loader.clone(), &env));
    // The first look-up misses, and its reply takes its time: meanwhile another caller loads from beginning to end.
    store.inner().is_late.store(true, Ordering::Relaxed);
    let ask = || {
        let store = Arc::clone(&store);
        start(&env, async move { kind(store.value(&1).await) })
    };
    let first = ask();
    manual.run();
    let second = ask();
    manual.run();
    assert_eq!(second.answer(), Some(Ok(Some(10))));
    manual.advance(SECOND);
    manual.run();
    assert_eq!(first.answer(), Some(Ok(Some(10))));
    assert_eq!(loader.counts().calls(), 1);
}

/// Race 31: those who wait get neither value nor error when their key is invalidated.
#[test]
fn who_waits_gets_the_value_though_the_key_was_written_meanwhile() {
    let world = World::new();
    let waiters = [world.ask(1), world.ask(1)];
    world.does(world.store.clear());
    world.release(10);
    assert!(waiters.iter().all(|task| task.answer() == Some(Ok(Some(10)))));
}

/// Race 32: a loader that asks for its own key waits for itself for ever. Directly, by way of another key, and by way of another
/// cache.
#[test]
fn a_load_that_waits_for_itself_is_an_error() {
    type Tower = ReadThrough<
        Engine,
        Box<dyn Fn(u64) -> larder_core::BoxFuture<'static, Result<Option<u64>>> + Send + Sync>,
    >;
    let (env, manual) = Env::manual();
    let place: Arc<OnceLock<Arc<Tower>>> = Arc::default();
    let own = Arc::clone(&place);
    // Key n asks for n + 1; 3 asks for 1; 9 asks for itself.
    let next = move |key: u64| -> larder_core::BoxFuture<'static, Result<Option<u64>>> {
        let store = Arc::clone(own.get().unwrap());
        let asks = match key {
            3 => 1,
            9 => 9,
            other => other + 1,
        };
        Box::pin(async move { store.value(&asks).await })
    };
    let store = Arc::new(engine(&env).read_through_in(Box::new(next) as Box<_>, &env));
    place.set(Arc::clone(&store)).ok().unwrap();
    assert_eq!(kind(manual.block_on(store.value(&9))), Err(ErrorKind::Reentrant));
    assert_eq!(kind(manual.block_on(store.value(&1))), Err(ErrorKind::Reentrant));
    assert_eq!(kind(manual.block_on(store.get_many(&[2, 9])).map(|_| ())), Err(ErrorKind::Reentrant));
    assert_eq!(store.in_flight(), 0);

    let (one, other) = (Cache::<u64, u64>::builder(), Cache::<u64, u64>::builder());
    let (one, other) = (one.env(&env).build().unwrap(), other.env(&env).build().unwrap());
    let (back, forth) = (one.clone(), other.clone());
    let circle = move || async move {
        forth.get_or_load(&1, move || async move { back.get_or_load(&1, || async { Ok(0) }).await }).await
    };
    assert_eq!(kind(manual.block_on(one.get_or_load(&1, circle))), Err(ErrorKind::Reentrant));
    let again = one.clone();
    let refreshing = move || async move { again.refresh(&1, || async { Ok(0) }).await };
    assert_eq!(kind(manual.block_on(one.get_or_load(&1, refreshing))), Err(ErrorKind::Reentrant));
}

/// Race 32, the other side: loads that wait for loads without a circle are no error.
#[test]
fn a_load_may_wait_for_a_load_of_another_key_that_others_wait_for_too() {
    let world = World::new();
    let outside = world.ask(2);
    let (inner, cache) = (Arc::clone(&world.store), world.cache.clone());
    let load = move || async move { Ok(inner.value(&2).await?.unwrap_or(0) + 1) };
    let nested = start(&world.env, async move { kind(cache.get_or_load(&1, load).await) });
    world.manual.run();
    assert_eq!(world.gate.calls(), 1);
    world.release(20);
    assert_eq!((outside.answer(), nested.answer()), (Some(Ok(Some(20))), Some(Ok(21))));
}

/// Race 37: the leader fails, then each waiter loads in turn.
#[test]
fn a_hundred_waiters_share_one_failure() {
    let (env, manual) = Env::manual();
    let (clock, calls) = (env.clone(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&calls);
    let fails = move |_: u64| {
        count.fetch_add(1, Ordering::Relaxed);
        let slow = clock.sleep(SECOND);
        async move {
            slow.await;
            Err::<Option<u64>, _>(Error::load("down"))
        }
    };
    let store = Arc::new(engine(&env).read_through_in(fails, &env));
    let ask = || {
        let store = Arc::clone(&store);
        start(&env, async move { kind(store.value(&1).await) })
    };
    let waiters: Vec<_> = (0..100).map(|_| ask()).collect();
    manual.run();
    manual.advance(SECOND);
    assert_eq!(manual.run(), 0, "all are done after one second");
    assert!(waiters.iter().all(|task| task.answer() == Some(Err(ErrorKind::Load))));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

/// Races 39 and 40: an insert or a removal during a load does not reach the table of loads; the loaded value overwrites it.
#[test]
fn a_write_during_a_load_wins() {
    let world = World::new();
    let waiters = [world.ask(1), world.ask(2), world.ask(3)];
    world.does(world.store.put(1, 11));
    world.does(world.store.remove(&2));
    world.does(world.store.insert_many(vec![(3, 33.into())]));
    (0..3).for_each(|_| world.release(10));
    assert!(waiters.iter().all(|task| task.answer() == Some(Ok(Some(10)))));
    let kept = [1, 2, 3].map(|key| world.store.inner().get(&key));
    assert_eq!(kept, [Some(11), None, Some(33)]);

    let waiter = world.ask_cache(1);
    world.cache.insert(1, 11);
    world.release(10);
    assert_eq!((waiter.answer(), world.cache.get(&1)), (Some(Ok(10)), Some(11)));
}

/// Race 40, by predicate: the load began before the removal and ends while it is under way.
#[test]
fn a_removal_by_predicate_keeps_out_what_was_being_loaded() {
    let world = World::new();
    let _waiter = world.ask_cache(1);
    world.cache.insert(2, 20);
    world.cache.remove_if(|&key| {
        if key == 2 {
            world.release(10);
        }
        key == 1
    });
    assert_eq!(world.cache.get(&1), None);
}

/// Race 40, by predicate: the load begins while the removal is under way.
#[test]
fn nobody_joins_a_load_that_began_before_a_removal_by_predicate_was_done() {
    let world = World::new();
    world.cache.insert(2, 20);
    let during = OnceLock::new();
    world.cache.remove_if(|&key| {
        if key == 2 {
            assert!(during.set(world.ask_cache(1)).is_ok());
        }
        key == 1
    });
    let _after = world.ask_cache(1);
    assert_eq!(world.gate.calls(), 2);
}

/// Race 41: callers that would see other errors don't share one load.
#[test]
fn callers_with_errors_of_their_own_share_one_load() {
    let world = World::new();
    let (one, other) = (Arc::clone(&world.store), Arc::clone(&world.store));
    let text = start(&world.env, async move { one.value(&1).await.map_err(|error| error.to_string()) });
    let boxed = start(&world.env, async move {
        let value: Result<_, Box<dyn std::error::Error + Send + Sync>> =
            other.value(&1).await.map_err(Into::into);
        value.is_err()
    });
    world.manual.run();
    world.gate.try_next_call().unwrap().fail(Error::load("down"));
    world.manual.run();
    assert_eq!(world.gate.calls(), 1);
    let message = "loading: the loader failed: down".to_owned();
    assert_eq!((text.answer(), boxed.answer()), (Some(Err(message)), Some(true)));
}

/// Race 43: a look-up joins a load begun before the caller's own write.
#[test]
fn a_look_up_after_ones_own_write_never_joins_an_older_load() {
    let world = World::new();
    let old = world.ask(1);
    world.does(world.store.put(1, 11));
    // As if the written value were evicted at once: only the table of loads could still mislead.
    world.store.inner().remove(&1);
    let own = world.ask(1);
    assert_eq!(world.gate.calls(), 2);
    world.release(10);
    assert_eq!((old.answer(), own.answer()), (Some(Ok(Some(10))), None));
    world.release(11);
    assert_eq!(own.answer(), Some(Ok(Some(11))));
}

/// Race 43, when the write's future is dropped midway: it may have been done.
#[test]
fn a_write_dropped_midway_detaches_the_load_too() {
    let (env, manual) = Env::manual();
    let gate = Gate::<u64, u64>::new();
    let slow = Faulty::new(MapStore::new(&env), &env);
    let store = Arc::new(slow.read_through_in(gate.clone(), &env));
    let ask = || {
        let store = Arc::clone(&store);
        let task = start(&env, async move { kind(store.value(&1).await) });
        manual.run();
        task
    };
    let _old = ask();
    store.inner().on(Op::Insert).hang();
    let mut write = Box::pin(store.put(1, 11));
    assert!(poll_once(&mut write).is_pending());
    drop(write);
    let _new = ask();
    assert_eq!(gate.calls(), 2);
}

/// Race 45: the table of loads leaks when all callers are cancelled, or the tasks are dropped.
#[test]
fn the_table_of_loads_is_empty_after_everything() {
    let world = World::new();
    for key in 0..10 {
        let mut caller = Box::pin(world.store.value(&key));
        assert!(poll_once(&mut caller).is_pending());
    }
    world.manual.run();
    assert_eq!(world.store.in_flight(), 10);
    world.gate.try_next_call().unwrap().panic();
    world.gate.try_next_call().unwrap().fail(Error::load("down"));
    world.gate.try_next_call().unwrap().absent();
    world.manual.run();
    (0..7).for_each(|_| world.release(10));
    assert_eq!(
        (world.store.in_flight(), world.store.inner().len()),
        (0, 7),
        "a load goes on without callers"
    );

    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let env = runtime.block_on(async { <Env as larder_patterns::TokioEnv>::tokio() });
    let store = engine(&env).read_through_in(Gate::new(), &env);
    let mut caller = Box::pin(store.value(&1));
    assert!(poll_once(&mut caller).is_pending());
    drop(runtime);
    let std::task::Poll::Ready(outcome) = poll_once(&mut caller) else {
        panic!("a dropped task is an outcome")
    };
    assert_eq!((kind(outcome), store.in_flight()), (Err(ErrorKind::Cancelled), 0));
}

/// Race 49: a TTL is cut to whole seconds, and one below a second becomes for ever.
#[test]
fn a_life_is_exact_to_the_clocks_tick() {
    let (env, manual) = Env::manual();
    let life = Duration::from_nanos(1_500_000_001);
    let loader = move |key: u64| async move { Ok(Some(Entry::new(key).ttl(life))) };
    let store = engine(&env).read_through_in(loader, &env);
    manual.block_on(store.value(&1)).unwrap();
    manual.advance(life.saturating_sub(Duration::from_nanos(1)));
    assert!(store.inner().contains(&1));
    manual.advance(Duration::from_nanos(1));
    assert!(!store.inner().contains(&1));
}

/// Race 51: a plain look-up that missed counts as a load under way, and its waiters all load.
#[test]
fn a_look_up_that_only_misses_is_no_load() {
    let world = World::new();
    let Lookup::Miss(unused) = world.store.inner().lookup(&1) else { panic!("nothing is stored") };
    assert_eq!(world.store.in_flight(), 0);
    let waiters = [world.ask(1), world.ask(1)];
    drop(unused);
    assert_eq!(world.gate.calls(), 1);
    world.release(10);
    assert!(waiters.iter().all(|task| task.answer() == Some(Ok(Some(10)))));
    assert_eq!(world.cache.get(&1), None);
    let _waiter = world.ask_cache(1);
    assert_eq!(world.gate.calls(), 2, "a plain miss of the cache is no load either");
}
