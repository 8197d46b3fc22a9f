//! Who asks after an invalidation never gets what a load brings that began before it: also where no write went through the
//! tower, but a tag, a namespace or the store below was told on a handle.

mod common;

use common::{Task, kind, start};
use larder_core::{
    DynStore, Env, Error, ErrorKind, Lookup, Memory, MemoryOptions, Result, Shared, Store, StoreExt,
};
use larder_patterns::{Freshness, InNamespace, Namespace, PatternExt, Stamped, Tags};
use larder_policies::Lru;
use larder_testkit::{Fault, Faulty, Gate, Manual, MapStore, Op};

/// What a handle can do behind the tower's back.
type Handle = Box<dyn Fn()>;

/// A tower that loads, whose every load the test answers, and the handle.
struct World {
    env: Env,
    manual: Manual,
    gate: Gate<u64, u64>,
    tower: DynStore<u64, u64>,
    invalidate: Handle,
}

impl World {
    fn ask(&self, key: u64) -> Task<Result<Option<u64>, ErrorKind>> {
        let tower = self.tower.clone();
        let task = start(&self.env, async move { kind(tower.value(&key).await) });
        self.manual.run();
        task
    }

    fn ask_many(&self, keys: &'static [u64]) -> Task<Result<Vec<Option<u64>>, ErrorKind>> {
        let tower = self.tower.clone();
        let values = |found: Vec<Lookup<u64>>| found.into_iter().map(Lookup::value).collect();
        let task = start(&self.env, async move { kind(tower.get_many(keys).await.map(values)) });
        self.manual.run();
        task
    }

    fn release(&self, value: u64) {
        self.gate.try_next_call().expect("a load is under way").release(value);
        self.manual.run();
    }

    fn absent(&self) {
        self.gate.try_next_call().expect("a load is under way").absent();
        self.manual.run();
    }
}

/// What lies below the load, and its handle.
#[derive(Clone, Copy, Debug)]
enum Below {
    Tag,
    AllTags,
    NamespaceClear,
    NamespaceMerge,
    TagOverTiers,
    SharedMemory,
    SharedMap,
}

const BELOW: [Below; 7] = [
    Below::Tag,
    Below::AllTags,
    Below::NamespaceClear,
    Below::NamespaceMerge,
    Below::TagOverTiers,
    Below::SharedMemory,
    Below::SharedMap,
];

#[derive(Clone, Copy, Debug)]
enum Loads {
    ReadThrough,
    KeepFresh,
}

const LOADS: [Loads; 2] = [Loads::ReadThrough, Loads::KeepFresh];

fn world(below: Below, loads: Loads) -> World {
    let (env, manual) = Env::manual();
    let gate = Gate::new();
    let tags = Tags::new();
    let name = |key: &u64, _: &u64| [format!("key:{key}")];
    let memory = || MemoryOptions::new(100).env(&env).build::<Lru>(Lru::new);
    let stamped: fn(&Env) -> Memory<u64, Stamped<u64>, Lru> =
        |env| MemoryOptions::new(100).env(env).build(Lru::new);
    let parts: &Env = &env;
    let (tower, invalidate): (_, Handle) = match below {
        Below::Tag => {
            let tower = over(stamped(parts).tagged_in(&tags, name), &gate, loads, parts);
            (tower, Box::new(move || tags.invalidate("key:1")))
        }
        Below::AllTags => {
            let tower = over(stamped(parts).tagged_in(&tags, name), &gate, loads, parts);
            (tower, Box::new(move || tags.invalidate_all()))
        }
        Below::TagOverTiers => {
            let tiers = MapStore::new(parts).fronted_by(stamped(parts));
            let tower = over(tiers.tagged_in(&tags, name), &gate, loads, parts);
            (tower, Box::new(move || tags.invalidate("key:1")))
        }
        Below::NamespaceClear | Below::NamespaceMerge => {
            let namespace = Namespace::new("users", 1);
            let shared: Memory<InNamespace<u64>, u64, Lru> =
                MemoryOptions::new(100).env(parts).build(Lru::new);
            let tower = over(shared.in_namespace(&namespace), &gate, loads, parts);
            let clear = matches!(below, Below::NamespaceClear);
            let invalidate = move || {
                if clear {
                    namespace.clear();
                } else {
                    assert!(namespace.merge_epoch(namespace.epoch() + 3));
                }
            };
            (tower, Box::new(invalidate))
        }
        Below::SharedMemory => {
            let shared: Shared<Memory<u64, u64, Lru>> = memory().shared();
            let tower = over(shared.clone(), &gate, loads, parts);
            (tower, Box::new(move || Memory::clear(&shared)))
        }
        Below::SharedMap => {
            let (shared, hand) = (MapStore::<u64, u64>::new(parts).shared(), manual.clone());
            let tower = over(shared.clone(), &gate, loads, parts);
            (tower, Box::new(move || assert!(!hand.block_on(shared.remove(&1)).unwrap())))
        }
    };
    World { env, manual, gate, tower, invalidate }
}

fn over<S: Store<Key = u64, Value = u64>>(
    store: S,
    gate: &Gate<u64, u64>,
    loads: Loads,
    env: &Env,
) -> DynStore<u64, u64> {
    match loads {
        Loads::ReadThrough => store.read_through_in(gate.clone(), env).into_dyn(),
        Loads::KeepFresh => store.keep_fresh(gate.clone(), Freshness::new(), env).unwrap().into_dyn(),
    }
}

fn everywhere(case: impl Fn(&World, &str)) {
    for below in BELOW {
        for loads in LOADS {
            case(&world(below, loads), &format!("{loads:?} over {below:?}"));
        }
    }
}

#[test]
fn who_asks_after_an_invalidation_gets_what_was_loaded_after_it() {
    everywhere(|world, case| {
        let before = world.ask(1);
        (world.invalidate)();
        let after = [world.ask(1), world.ask(1)];
        world.release(10);
        assert_eq!(before.answer(), Some(Ok(Some(10))), "{case}: he asked before");
        assert!(
            after.iter().all(|after| after.answer().is_none()),
            "{case}: they wait for a load of their own"
        );
        world.release(11);
        assert!(after.iter().all(|after| after.answer() == Some(Ok(Some(11)))), "{case}");
        assert_eq!(world.gate.calls(), 2, "{case}: they share it");
        assert_eq!(world.ask(1).answer(), Some(Ok(Some(11))), "{case}: and it is kept");
    });
}

#[test]
fn the_same_holds_for_batches() {
    everywhere(|world, case| {
        let before = world.ask_many(&[1, 2]);
        (world.invalidate)();
        let after = world.ask_many(&[2, 1]);
        world.gate.try_next_call().unwrap().answer(vec![Some(10.into()), Some(20.into())]);
        world.manual.run();
        assert_eq!(before.answer(), Some(Ok(vec![Some(10), Some(20)])), "{case}");
        for _ in 0..2 {
            if let Some(call) = world.gate.try_next_call() {
                let value = 11 * call.key();
                call.release(value);
                world.manual.run();
            }
        }
        let after = after.answer().unwrap_or_else(|| panic!("{case}: it is answered")).unwrap();
        assert_eq!(after[1], Some(11), "{case}");
        assert!([Some(20), Some(22)].contains(&after[0]), "{case}");
    });
}

#[test]
fn nor_does_he_hear_that_there_is_nothing_from_a_load_before_it() {
    everywhere(|world, case| {
        let before = world.ask(1);
        (world.invalidate)();
        let after = world.ask(1);
        world.absent();
        assert_eq!(before.answer(), Some(Ok(None)), "{case}");
        world.release(11);
        assert_eq!(after.answer(), Some(Ok(Some(11))), "{case}");
    });
}

#[test]
fn who_asked_before_it_shares_the_load_he_waits_for() {
    everywhere(|world, case| {
        let before = [world.ask(1), world.ask(1), world.ask(1)];
        world.release(10);
        assert!(before.iter().all(|before| before.answer() == Some(Ok(Some(10)))), "{case}");
        assert_eq!(world.gate.calls(), 1, "{case}");
    });
}

#[test]
fn invalidations_without_end_keep_nobody_waiting_for_ever() {
    everywhere(|world, case| {
        let first = world.ask(1);
        (world.invalidate)();
        let second = world.ask(1);
        world.release(10);
        (world.invalidate)();
        let third = world.ask(1);
        world.release(11);
        (world.invalidate)();
        assert_eq!(first.answer(), Some(Ok(Some(10))), "{case}");
        assert_eq!(second.answer(), Some(Ok(Some(11))), "{case}: that load began after he came");
        assert_eq!(third.answer(), None, "{case}");
        world.release(12);
        assert_eq!(third.answer(), Some(Ok(Some(12))), "{case}");
    });
}

#[test]
fn a_failure_is_shared_as_ever() {
    everywhere(|world, case| {
        let before = world.ask(1);
        (world.invalidate)();
        let after = world.ask(1);
        world.gate.try_next_call().unwrap().fail(Error::load("the origin is down"));
        world.manual.run();
        assert_eq!(
            (before.answer(), after.answer()),
            (Some(Err(ErrorKind::Load)), Some(Err(ErrorKind::Load))),
            "{case}"
        );
    });
}

/// Lets the load end, and invalidates while the store takes what it brought.
fn invalidated_while_it_is_filled<S: Store<Key = u64, Value = u64>>(
    world: &(Env, Manual),
    store: S,
    fills: &Fault,
    invalidate: impl Fn(),
) {
    let (env, manual) = world;
    let gate = Gate::new();
    let tower = store.read_through_in(gate.clone(), env).into_dyn();
    let ask = || {
        let tower = tower.clone();
        start(env, async move { kind(tower.value(&1).await) })
    };
    let before = ask();
    manual.run();
    gate.try_next_call().unwrap().release(10);
    manual.run();
    assert_eq!(fills.injected(), 1, "the store takes it");
    invalidate();
    let after = ask();
    manual.run();
    fills.lift();
    manual.run();
    assert_eq!((before.answer(), after.answer()), (Some(Ok(Some(10))), None));
    gate.try_next_call().unwrap().release(11);
    manual.run();
    assert_eq!(after.answer(), Some(Ok(Some(11))));
}

#[test]
fn an_invalidation_while_the_store_takes_the_value_counts_too() {
    let (env, manual) = Env::manual();
    let tags = Tags::new();
    let far = Faulty::new(MapStore::<u64, Stamped<u64>>::new(&env), &env);
    let fills = far.on(Op::Fill).nth(1).hang();
    let tagged = far.tagged_in(&tags, |key: &u64, _: &u64| [format!("key:{key}")]);
    let world = (env, manual);
    invalidated_while_it_is_filled(&world, tagged, &fills, || tags.invalidate("key:1"));

    let (env, manual) = Env::manual();
    let namespace = Namespace::new("users", 1);
    let far = Faulty::new(MapStore::<InNamespace<u64>, u64>::new(&env), &env);
    let fills = far.on(Op::Fill).nth(1).hang();
    let part = far.in_namespace(&namespace);
    let world = (env, manual);
    invalidated_while_it_is_filled(&world, part, &fills, || namespace.clear());
}
