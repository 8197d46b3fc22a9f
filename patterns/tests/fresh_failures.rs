//! What is remembered of loads that gave no value: back-off, absence, errors if asked for; and loaders that misbehave.

mod common;
#[path = "common/fresh.rs"]
mod fresh;

use std::sync::Arc;
use std::time::Duration;

use common::kind;
use fresh::{SECOND, World, engine};
use larder_core::{BoxFuture, Entry, Env, Error, ErrorKind, Loader, Lookup, Result, Store, StoreExt};
use larder_patterns::{Budget, Freshness, PatternExt};
use larder_testkit::{CountingLoader, Faulty, Gate, MapStore, Op};

fn just_before(end: Duration) -> Duration {
    end.saturating_sub(Duration::from_nanos(1))
}

fn patient() -> Freshness {
    Freshness::new().back_off(SECOND, 60 * SECOND)
}

/// Race 37: a failure convoy. The leader fails, and each who waits leads in turn.
#[test]
fn a_hundred_waiters_share_one_failure_and_newcomers_are_turned_away() {
    let world = World::new(patient());
    let asked: Vec<_> = (0..100).map(|_| world.ask(1)).collect();
    world.pass(SECOND);
    world.fail();
    assert!(asked.iter().all(|task| task.answer() == Some(Err(ErrorKind::Load))));
    assert_eq!((world.answered(1), world.gate.calls()), (Err(ErrorKind::Overloaded), 1));
    assert_eq!(world.stats().backed_off, 1);
}

/// Race 23: an error is for those who waited, and the next load after the back-off may succeed.
#[test]
fn a_failure_is_over_once_a_load_succeeds() {
    let world = World::new(patient());
    let asked = world.ask(1);
    world.fail();
    assert_eq!(asked.answer(), Some(Err(ErrorKind::Load)));
    world.pass(SECOND);
    let again = world.ask(1);
    world.release(10);
    assert_eq!((again.answer(), world.answered(1)), (Some(Ok(Some(10))), Ok(Some(10))));
}

#[test]
fn each_failure_of_a_key_is_backed_off_from_for_longer_and_other_keys_are_not() {
    let world = World::new(patient());
    for longest in [1, 2, 4, 8, 16, 32, 60, 60] {
        let calls = world.gate.calls();
        let asked = world.ask(1);
        world.fail();
        assert_eq!(asked.answer(), Some(Err(ErrorKind::Load)));
        world.pass(just_before(longest * SECOND / 2));
        assert_eq!(world.answered(1), Err(ErrorKind::Overloaded), "within half of {longest} s");
        assert_eq!(world.gate.calls(), calls + 1);
        world.pass(longest * SECOND / 2 + Duration::from_nanos(1));
    }
    let calls = world.gate.calls();
    let _other = world.ask(2);
    assert_eq!(world.gate.calls(), calls + 1);
}

#[test]
fn without_back_off_the_next_to_ask_loads_anew() {
    let world = World::new(Freshness::new().no_back_off());
    for calls in 1..=5 {
        let asked = world.ask(1);
        world.fail();
        assert_eq!((asked.answer(), world.gate.calls()), (Some(Err(ErrorKind::Load)), calls));
    }
}

#[test]
fn the_refusal_names_the_failure_it_follows() {
    let world = World::new(patient());
    let _asked = world.ask(1);
    world.fail();
    let refusal = world.manual.block_on(world.store.get(&1)).unwrap_err();
    let said = "loading again so soon after a failure: over its bound: loading: the loader failed: the origin is down";
    assert_eq!(refusal.to_string(), said);
}

#[test]
fn a_write_ends_the_back_off() {
    let world = World::new(patient());
    let _asked = world.ask(1);
    world.fail();
    world.does(world.store.remove(&1));
    let again = world.ask(1);
    world.release(11);
    assert_eq!(again.answer(), Some(Ok(Some(11))));
}

#[test]
fn an_error_is_an_answer_to_others_only_where_that_was_asked_for() {
    let world = World::new(Freshness::new().no_back_off().error_ttl(5 * SECOND));
    let _asked = world.ask(1);
    world.fail();
    world.pass(just_before(5 * SECOND));
    assert_eq!((world.answered(1), world.gate.calls()), (Err(ErrorKind::Load), 1));
    world.pass(Duration::from_nanos(1));
    let again = world.ask(1);
    world.release(10);
    assert_eq!(again.answer(), Some(Ok(Some(10))));
}

#[test]
fn absence_is_remembered_for_its_own_time() {
    let world = World::new(Freshness::new().negative_ttl(5 * SECOND));
    let asked = world.ask(1);
    world.absent();
    assert_eq!(asked.answer(), Some(Ok(None)));
    for _ in 0..10 {
        assert_eq!(world.answered(1), Ok(None));
    }
    assert_eq!((world.gate.calls(), world.stats().negative_hits), (1, 10));
    assert_eq!(world.ask_many(&[1, 1]).answer(), Some(Ok(vec![None, None])));
    world.pass(5 * SECOND);
    let again = world.ask(1);
    world.release(10);
    assert_eq!((again.answer(), world.answered(1)), (Some(Ok(Some(10))), Ok(Some(10))));
}

#[test]
fn absence_is_not_remembered_unless_asked_for_and_errors_never_as_absence() {
    let world = World::new(Freshness::new());
    let _asked = world.ask(1);
    world.absent();
    let _again = world.ask(1);
    assert_eq!(world.gate.calls(), 2);
    let world = World::new(Freshness::new().no_back_off().negative_ttl(5 * SECOND));
    let _asked = world.ask(1);
    world.fail();
    let _again = world.ask(1);
    assert_eq!(world.gate.calls(), 2);
}

/// Race 22: a negative entry hides a new row.
#[test]
fn every_kind_of_write_ends_a_negative_entry_even_if_its_value_is_evicted_at_once() {
    type Write = fn(&World, Lookup<u64>);
    let writes: [(&str, Write); 7] = [
        ("insert", |world, _| world.put(1, 10)),
        ("insert_many", |world, _| world.does(world.store.insert_many(vec![(1, 10.into())]))),
        ("remove", |world, _| assert!(!world.does(world.store.remove(&1)))),
        ("remove_many", |world, _| assert_eq!(world.does(world.store.remove_many(&[1])), 0)),
        ("clear", |world, _| world.does(world.store.clear())),
        ("fill", |world, found| {
            let Lookup::Miss(lease) = found else { panic!("it is absent") };
            assert!(world.does(world.store.fill(1, 10.into(), lease)).is_stored());
        }),
        ("fill_many", |world, found| {
            let Lookup::Miss(lease) = found else { panic!("it is absent") };
            assert!(world.does(world.store.fill_many(vec![(1, 10.into(), lease)]))[0].is_stored());
        }),
    ];
    for (name, write) in writes {
        let world = World::new(Freshness::new().negative_ttl(1_000 * SECOND));
        let _asked = world.ask(1);
        world.absent();
        let found = world.does(world.store.get(&1));
        write(&world, found);
        world.store.inner().remove(&1);
        let asked = world.ask(1);
        assert_eq!(world.gate.calls(), 2, "after {name} the origin is asked");
        world.release(11);
        assert_eq!(asked.answer(), Some(Ok(Some(11))));
    }
}

#[test]
fn a_load_that_began_before_an_insert_leaves_no_negative_entry() {
    let world = World::new(Freshness::new().negative_ttl(1_000 * SECOND));
    let _asked = world.ask(1);
    world.put(1, 10);
    world.absent();
    assert_eq!(world.answered(1), Ok(Some(10)));
    world.store.inner().remove(&1);
    let _again = world.ask(1);
    assert_eq!(world.gate.calls(), 2, "the row is new; nobody says that there is none");
}

#[test]
fn a_miss_from_memory_has_a_lease_that_fills() {
    let world = World::new(Freshness::new().negative_ttl(5 * SECOND));
    let _asked = world.ask(1);
    world.absent();
    let Lookup::Miss(lease) = world.does(world.store.get(&1)) else { panic!("it is absent") };
    assert!(world.does(world.store.fill(1, 10.into(), lease)).is_stored());
    assert_eq!(world.answered(1), Ok(Some(10)));
}

#[test]
fn a_loader_that_panics_is_an_error_and_its_key_is_free() {
    let world = World::new(Freshness::new().no_back_off().budget(Budget::new(1).unwrap()));
    let asked = world.ask(1);
    world.call().panic();
    world.manual.run();
    assert_eq!(asked.answer(), Some(Err(ErrorKind::Panicked)));
    let again = world.ask(1);
    world.release(10);
    assert_eq!(again.answer(), Some(Ok(Some(10))));
}

#[test]
fn a_batch_with_the_wrong_number_of_answers_is_an_error_and_stale_entries_stand() {
    for answers in [0, 1, 3] {
        let world = World::new(Freshness::new());
        world.put(1, 10);
        world.pass(100 * SECOND);
        let missing = world.ask_many(&[1, 2]);
        world.call().answer(vec![Some(99.into()); answers]);
        world.manual.run();
        assert_eq!(missing.answer(), Some(Err(ErrorKind::Load)), "{answers} answers");
        assert_eq!((world.kept(1), world.kept(2)), (Some(10), None));
        assert_eq!((world.answered(1), world.store.in_flight()), (Ok(Some(10)), 0));
    }
}

#[test]
fn a_load_that_hangs_blocks_its_own_key_only_and_the_budget_knows_of_it() {
    let budget = Budget::new(2).unwrap();
    let world = World::new(Freshness::new().budget(budget.clone()).hard_timeout(60 * SECOND));
    let stuck = world.ask(1);
    let _never_answered = world.call();
    let other = world.ask(2);
    world.release(20);
    assert_eq!((stuck.answer(), other.answer(), budget.in_flight()), (None, Some(Ok(Some(20))), 1));
    world.pass(60 * SECOND);
    assert_eq!((stuck.answer(), budget.in_flight()), (Some(Err(ErrorKind::Timeout)), 0));
}

#[test]
fn a_loader_that_asks_for_its_own_key_is_told_so() {
    struct Asks(
        std::sync::OnceLock<std::sync::Weak<dyn Fn() -> BoxFuture<'static, Result<u64>> + Send + Sync>>,
    );
    let (env, manual) = Env::manual();
    let asks = Arc::new(Asks(std::sync::OnceLock::new()));
    let asking = Arc::clone(&asks);
    let loader = move |_: u64| {
        let ask = asking.0.get().and_then(std::sync::Weak::upgrade);
        async move {
            match ask {
                Some(ask) => ask().await.map(Some),
                None => Ok(None),
            }
        }
    };
    let store = Arc::new(engine(&env).keep_fresh(loader, Freshness::new(), &env).unwrap());
    let same = Arc::downgrade(&store);
    let ask: Arc<dyn Fn() -> BoxFuture<'static, Result<u64>> + Send + Sync> = Arc::new(move || {
        let store = same.upgrade();
        Box::pin(async move { Ok(store.unwrap().value(&1).await?.unwrap_or_default()) })
    });
    assert!(asks.0.set(Arc::downgrade(&ask)).is_ok());
    assert_eq!(kind(manual.block_on(store.value(&1))), Err(ErrorKind::Reentrant));
    assert_eq!(store.in_flight(), 0);
}

#[test]
fn a_store_that_fails_is_passed_on_or_counted() {
    let (env, manual) = Env::manual();
    let far = Faulty::new(MapStore::<u64, u64>::new(&env), &env);
    let faults = far.faults();
    let loader = CountingLoader::new(|id: u64| async move { Ok(Some(id)) });
    let store = far.keep_fresh(loader.clone(), Freshness::new().no_back_off(), &env).unwrap();
    faults.on(Op::Get).fail();
    assert_eq!(kind(manual.block_on(store.value(&7))), Err(ErrorKind::Store));
    faults.lift_all();
    faults.on(Op::Fill).fail();
    assert_eq!(manual.block_on(store.value(&7)).unwrap(), Some(7));
    assert_eq!((store.stats().loads.ok, store.stats().loads.unkept), (1, 1));
    faults.lift_all();
    let stale = Entry::new(8).fresh_for(Duration::ZERO);
    manual.block_on(store.insert(7, stale)).unwrap();
    faults.on(Op::Lease).fail();
    assert_eq!(
        manual.block_on(store.value(&7)).unwrap(),
        Some(8),
        "no lease, no reload; the stale entry stands"
    );
    assert_eq!((loader.counts().calls(), store.stats().stale_on_error), (1, 1));
}

#[test]
fn a_world_without_a_spawner_answers_what_is_there() {
    struct Nowhere;
    impl larder_core::Spawner for Nowhere {
        fn spawn(&self, _task: BoxFuture<'static, ()>) -> Result<()> {
            Err(Error::new(ErrorKind::Overloaded, "spawning"))
        }
        fn sleep(&self, _duration: Duration) -> BoxFuture<'static, ()> {
            Box::pin(std::future::pending())
        }
    }
    let (_env, manual) = Env::manual();
    let env = Env::new(manual.clock().clone(), Nowhere, larder_core::Random::seeded(1));
    let freshness = Freshness::new().refresh_ahead(0.5).budget(Budget::new(1).unwrap());
    let store = engine(&env).keep_fresh(Gate::new(), freshness, &env).unwrap();
    assert_eq!(kind(manual.block_on(store.value(&7))), Err(ErrorKind::Overloaded));
    manual.block_on(store.put(7, 70)).unwrap();
    for step in [60, 60] {
        manual.advance(step * SECOND);
        assert_eq!(manual.block_on(store.value(&7)).unwrap(), Some(70));
    }
    assert_eq!(store.in_flight(), 0);
}

#[test]
fn a_caller_who_leaves_takes_nothing_with_him() {
    let world = World::new(Freshness::new());
    let store = Arc::clone(&world.store);
    let mut leaving = Box::pin(async move { store.value(&1).await });
    assert!(common::poll_once(&mut leaving).is_pending());
    let staying = world.ask(1);
    drop(leaving);
    world.release(10);
    assert_eq!((staying.answer(), world.gate.calls(), world.kept(1)), (Some(Ok(Some(10))), 1, Some(10)));
    let store = Arc::clone(&world.store);
    let mut alone = Box::pin(async move { store.value(&2).await });
    assert!(common::poll_once(&mut alone).is_pending());
    drop(alone);
    world.manual.run();
    world.release(20);
    assert_eq!((world.kept(2), world.store.in_flight()), (Some(20), 0), "the load went on alone");
}

#[test]
fn settings_that_can_not_work_are_refused_by_name() {
    let zero = Duration::ZERO;
    let broken = [
        ("refresh_ahead", Freshness::new().refresh_ahead(0.0)),
        ("refresh_ahead", Freshness::new().refresh_ahead(1.5)),
        ("early_expiration", Freshness::new().early_expiration(0.0)),
        ("early_expiration", Freshness::new().early_expiration(f64::NAN)),
        ("early_expiration", Freshness::new().early_expiration(f64::INFINITY)),
        ("soft_timeout", Freshness::new().soft_timeout(zero)),
        ("hard_timeout", Freshness::new().hard_timeout(zero)),
        ("soft_timeout", Freshness::new().soft_timeout(SECOND).hard_timeout(SECOND)),
        ("back_off", Freshness::new().back_off(zero, SECOND)),
        ("back_off", Freshness::new().back_off(2 * SECOND, SECOND)),
        ("negative_ttl", Freshness::new().negative_ttl(zero)),
        ("error_ttl", Freshness::new().error_ttl(zero)),
        ("remembered_keys", Freshness::new().remembered_keys(0)),
    ];
    let (env, _manual) = Env::manual();
    for (name, freshness) in broken {
        let refused = engine(&env).keep_fresh(Gate::new(), freshness, &env).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Invalid);
        assert!(refused.to_string().contains(name), "{refused} does not name {name}");
    }
    let extreme = Freshness::new()
        .refresh_ahead(1.0)
        .early_expiration(f64::MAX)
        .stale_while_revalidate(Duration::MAX)
        .hard_timeout(Duration::MAX)
        .back_off(Duration::MAX, Duration::MAX)
        .negative_ttl(Duration::MAX)
        .error_ttl(Duration::MAX)
        .remembered_keys(1);
    let world = World::new(extreme);
    let asked = world.ask(1);
    world.fail();
    assert_eq!(asked.answer(), Some(Err(ErrorKind::Load)));
    assert_eq!(world.answered(1), Err(ErrorKind::Load));
}

#[test]
fn a_loader_behind_a_pointer_serves() {
    let (env, manual) = Env::manual();
    let loader: Arc<dyn Loader<u64, u64>> = Arc::new(|id: u64| async move { Ok(Some(id + 1)) });
    let store = engine(&env).refresh_ahead(loader, 0.8, &env).unwrap().into_dyn();
    assert_eq!(manual.block_on(store.value(&1)).unwrap(), Some(2));
    assert!(store.get_now(&1).is_some_and(|found| found.is_hit()));
}
