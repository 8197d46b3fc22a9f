//! What an optional tier promises: its faults fail nobody, are reported, and leave nothing old to be read.

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{kind, poll_once, start};
use larder_core::{
    Entry, Env, Error, ErrorKind, Filled, Lease, Lookup, Manual, Memory, MemoryOptions, Result, Shared,
    Store, StoreExt,
};
use larder_patterns::{Breaker, FaultyCall, Optional, PatternExt};
use larder_policies::Lru;
use larder_testkit::simulation::{Simulation, World, Writes, for_seeds};
use larder_testkit::{CountingLoader, Faulty, MapStore, Op};

type Far = Faulty<MapStore<u64, u64>>;
type Reported = Arc<Mutex<Vec<(FaultyCall, ErrorKind)>>>;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

struct Rig {
    env: Env,
    manual: Manual,
    reported: Reported,
    store: Shared<Optional<Far>>,
}

fn rig() -> Rig {
    let (env, manual) = Env::manual();
    let far = Faulty::new(MapStore::new(&env), &env);
    let reported = Reported::default();
    let told = Arc::clone(&reported);
    let store = far.optional(move |call, error| told.lock().unwrap().push((call, error.kind())), &env);
    Rig { env, manual, reported, store: store.shared() }
}

impl Rig {
    fn far(&self) -> &Far {
        self.store.inner()
    }

    fn put(&self, key: u64, value: u64) {
        self.manual.block_on(self.store.put(key, value)).unwrap();
    }

    fn value(&self, key: u64) -> Option<u64> {
        self.manual.block_on(self.store.value(&key)).unwrap()
    }

    fn remove(&self, key: u64) -> bool {
        self.manual.block_on(self.store.remove(&key)).unwrap()
    }

    fn lease(&self, key: u64) -> Lease {
        match self.manual.block_on(self.store.get(&key)).unwrap() {
            Lookup::Miss(lease) => lease,
            Lookup::Hit(_) => panic!("a miss is expected"),
        }
    }

    fn fill(&self, key: u64, value: u64, lease: Lease) -> Filled {
        self.manual.block_on(self.store.fill(key, value.into(), lease)).unwrap()
    }

    /// What the tier itself has.
    fn kept(&self, key: u64) -> Option<u64> {
        self.manual.block_on(self.far().inner().value(&key)).unwrap()
    }

    /// Lets the task that makes up for failed writes have another try.
    fn mend(&self) {
        self.manual.advance(5 * SECOND);
        self.manual.run();
    }
}

mod a_fault {
    use super::*;

    #[test]
    fn of_any_kind_fails_nobody_and_is_reported() {
        let rig = rig();
        let lease = rig.lease(1);
        rig.far().faults().on_any().fail();
        let store = &rig.store;
        assert!(!rig.manual.block_on(store.get(&1)).unwrap().is_hit());
        assert!(!rig.manual.block_on(store.lease(&1)).unwrap().is_void(), "there is use in loading");
        assert!(rig.fill(1, 10, lease).is_stored());
        rig.put(1, 10);
        assert!(!rig.remove(2));
        assert_eq!(rig.manual.block_on(store.remove_many(&[3])).unwrap(), 0);
        rig.manual.block_on(store.insert_many(vec![(4, 40.into())])).unwrap();
        rig.manual.block_on(store.clear()).unwrap();
        let calls: Vec<_> = rig.reported.lock().unwrap().iter().map(|(call, _)| *call).collect();
        let mends = calls.iter().filter(|call| **call == FaultyCall::Mend).count();
        let told: Vec<_> = calls.into_iter().filter(|call| *call != FaultyCall::Mend).collect();
        let expected = [
            FaultyCall::Get,
            FaultyCall::Lease,
            FaultyCall::Fill,
            FaultyCall::Insert,
            FaultyCall::Remove,
            FaultyCall::Remove,
            FaultyCall::Insert,
            FaultyCall::Clear,
        ];
        assert_eq!(told, expected);
        let stats = store.stats();
        assert_eq!((stats.failed_reads, stats.failed_fills, stats.failed_writes), (2, 1, 5));
        assert_eq!(stats.failed_mends, mends as u64);
    }

    #[test]
    fn of_a_batch_makes_each_key_a_miss_that_can_be_filled() {
        let rig = rig();
        rig.put(1, 10);
        let fault = rig.far().on(Op::Get).fail();
        let found = rig.manual.block_on(rig.store.get_many(&[1, 2])).unwrap();
        let leases = found.into_iter().map(|found| match found {
            Lookup::Miss(lease) => lease,
            Lookup::Hit(_) => panic!("the tier failed"),
        });
        let entries =
            [1, 2].into_iter().zip(leases).map(|(key, lease)| (key, Entry::new(7), lease)).collect();
        let filled = rig.manual.block_on(rig.store.fill_many(entries)).unwrap();
        assert!(filled.iter().all(|filled| filled.is_stored()));
        fault.lift();
        assert_eq!((rig.value(1), rig.value(2)), (Some(10), None), "nothing of it came to the tier");
    }

    #[test]
    fn is_loaded_around_and_the_load_is_not_forbidden() {
        let rig = rig();
        rig.far().faults().on_any().fail();
        let loader = CountingLoader::new(|id: u64| async move { Ok(Some(id * 10)) });
        let store = rig.store.clone().read_through_in(loader.clone(), &rig.env);
        assert_eq!(rig.manual.block_on(store.value(&7)).unwrap(), Some(70));
        assert_eq!(loader.counts().calls(), 1);
        assert_eq!(rig.manual.block_on(store.get_many(&[1, 2])).unwrap().len(), 2);
    }

    #[test]
    fn leaves_the_near_tier_at_work() {
        let rig = rig();
        rig.far().faults().on_any().fail();
        let loader = CountingLoader::new(|id: u64| async move { Ok(Some(id * 10)) });
        let near = MemoryOptions::new(10).env(&rig.env).build(Lru::new);
        let store = rig.store.clone().fronted_by(near).read_through_in(loader.clone(), &rig.env);
        for _ in 0..5 {
            assert_eq!(rig.manual.block_on(store.value(&7)).unwrap(), Some(70));
        }
        assert_eq!(loader.counts().calls(), 1, "the near copy is kept while the far tier is away");
    }

    #[test]
    fn of_fills_alone_leaves_the_near_tier_at_work_too() {
        let rig = rig();
        rig.far().on(Op::Fill).fail();
        let near = MemoryOptions::new(10).env(&rig.env).build(Lru::new);
        let store = rig.store.clone().fronted_by(near);
        for (keys, single) in [(vec![1], true), (vec![2, 3], false)] {
            let found = rig.manual.block_on(store.get_many(&keys)).unwrap();
            let entries = keys.iter().zip(found).map(|(key, found)| match found {
                Lookup::Miss(lease) => (*key, Entry::new(70), lease),
                Lookup::Hit(_) => panic!("nothing was stored"),
            });
            let mut entries: Vec<_> = entries.collect();
            if single {
                let (key, entry, lease) = entries.remove(0);
                assert!(rig.manual.block_on(store.fill(key, entry, lease)).unwrap().is_stored());
            } else {
                rig.manual.block_on(store.fill_many(entries)).unwrap();
            }
            assert!(keys.iter().all(|key| store.near().contains(key)));
        }
    }

    #[test]
    fn that_panics_in_the_report_is_nobodys_trouble() {
        let (env, manual) = Env::manual();
        let far = Faulty::new(MapStore::<u64, u64>::new(&env), &env);
        far.on(Op::Get).fail();
        let store = far.optional(|_, _| panic!("the report panics"), &env);
        assert_eq!(manual.block_on(store.value(&1)).unwrap(), None);
        assert_eq!(store.stats().failed_reads, 1);
    }

    #[test]
    fn of_the_shutdown_is_told_to_who_shuts_down() {
        let rig = rig();
        rig.far().on(Op::Flush).fail();
        rig.far().on(Op::Close).fail();
        assert_eq!(kind(rig.manual.block_on(rig.store.flush())), Err(ErrorKind::Store));
        assert_eq!(kind(rig.manual.block_on(rig.store.close())), Err(ErrorKind::Store));
    }
}

mod a_failed_write {
    use super::*;

    #[test]
    fn of_a_removal_is_made_up_for_before_the_key_is_believed_again() {
        let rig = rig();
        rig.put(1, 10);
        let fault = rig.far().on(Op::Remove).fail();
        assert!(!rig.remove(1));
        assert_eq!((rig.kept(1), rig.value(1)), (Some(10), None), "the tier has it, and is not believed");
        assert!(rig.store.get_now(&1).is_none(), "nor without waiting");
        rig.mend();
        assert!(fault.injected() >= 2, "it was tried again");
        assert_eq!((rig.kept(1), rig.value(1), rig.store.stats().distrusted_keys), (Some(10), None, 1));
        fault.lift();
        rig.mend();
        assert_eq!((rig.kept(1), rig.store.stats().distrusted_keys), (None, 0));
        let lease = rig.lease(1);
        assert!(rig.fill(1, 11, lease).is_stored());
        assert_eq!((rig.kept(1), rig.value(1)), (Some(11), Some(11)), "believed again, and filled");
    }

    #[test]
    fn of_an_insert_leaves_neither_the_old_value_nor_the_unsure_one() {
        for lost in [false, true] {
            let rig = rig();
            rig.put(1, 10);
            let rule = rig.far().on(Op::Insert);
            let fault = if lost { rule.lose_reply() } else { rule.fail() };
            rig.put(1, 11);
            assert_eq!((rig.kept(1), rig.value(1)), (Some(if lost { 11 } else { 10 }), None));
            fault.lift();
            rig.mend();
            assert_eq!((rig.kept(1), rig.value(1)), (None, None));
        }
    }

    #[test]
    fn is_made_up_for_by_a_later_one_that_succeeds() {
        let rig = rig();
        rig.put(1, 10);
        rig.far().on(Op::Remove).fail();
        rig.remove(1);
        rig.put(1, 11);
        assert_eq!((rig.value(1), rig.store.stats().distrusted_keys), (Some(11), 0));
    }

    /// The insert began before the removal failed: which of the two the tier did last, nobody knows.
    #[test]
    fn is_not_made_up_for_by_one_that_began_before_it() {
        let rig = rig();
        let slow = rig.far().on(Op::Insert).hang();
        let mut insert = Box::pin(rig.store.put(1, 10));
        assert!(poll_once(&mut insert).is_pending());
        let fault = rig.far().on(Op::Remove).fail();
        rig.remove(1);
        slow.release();
        rig.manual.block_on(insert).unwrap();
        assert_eq!((rig.kept(1), rig.value(1)), (Some(10), None));
        fault.lift();
        rig.mend();
        assert_eq!(rig.kept(1), None);
    }

    /// A load began, the value was invalidated, the invalidation did not arrive, the load ends.
    #[test]
    fn voids_the_leases_that_were_taken_before_it() {
        let rig = rig();
        let lease = rig.lease(1);
        let fault = rig.far().on(Op::Remove).fail();
        rig.remove(1);
        assert_eq!(rig.fill(1, 10, lease), Filled::Void);
        assert_eq!((rig.kept(1), rig.value(1)), (None, None));
        fault.lift();
    }

    #[test]
    fn voids_a_fill_that_is_under_way() {
        let rig = rig();
        let lease = rig.lease(1);
        let slow = rig.far().on(Op::Fill).hang();
        let mut fill = Box::pin(rig.store.fill(1, 10.into(), lease));
        assert!(poll_once(&mut fill).is_pending());
        let fault = rig.far().on(Op::Remove).fail();
        rig.remove(1);
        slow.release();
        assert_eq!(rig.manual.block_on(fill).unwrap(), Filled::Void);
        assert_eq!((rig.kept(1), rig.value(1)), (Some(10), None), "the tier took it, and is not believed");
        fault.lift();
        rig.mend();
        assert_eq!(rig.kept(1), None);
    }

    #[test]
    fn voids_the_leases_of_failed_look_ups_too() {
        let rig = rig();
        let outage = rig.far().faults().on_any().fail();
        let (before, other) = (rig.lease(1), rig.lease(2));
        rig.remove(1);
        assert_eq!(rig.fill(1, 10, before), Filled::Void);
        assert!(rig.fill(2, 20, other).is_stored(), "its key was not written");
        let (first, second) = (rig.lease(1), rig.lease(1));
        assert!(rig.fill(1, 11, first).is_stored(), "taken after the removal");
        assert_eq!(rig.fill(1, 12, second), Filled::Void, "of loads that overlap, the first fills");
        outage.lift();
        assert_eq!(rig.value(1), None);
    }

    #[test]
    fn that_is_dropped_midway_counts_as_failed() {
        for op in [Op::Insert, Op::Remove, Op::Clear] {
            let rig = rig();
            rig.put(1, 10);
            let hang = rig.far().on(op).hang();
            {
                let (mut insert, mut remove, mut clear) = (
                    Box::pin(rig.store.put(1, 11)),
                    Box::pin(rig.store.remove(&1)),
                    Box::pin(rig.store.clear()),
                );
                let waits = match op {
                    Op::Insert => poll_once(&mut insert).is_pending(),
                    Op::Remove => poll_once(&mut remove).is_pending(),
                    _ => poll_once(&mut clear).is_pending(),
                };
                assert!(waits);
            }
            assert_eq!((rig.kept(1), rig.value(1)), (Some(10), None), "{op:?}");
            hang.lift();
            rig.mend();
            assert_eq!(rig.kept(1), None, "{op:?}");
        }
    }

    #[test]
    fn of_a_batch_distrusts_all_its_keys() {
        let rig = rig();
        (1..=3).for_each(|key| rig.put(key, key * 10));
        let fault = rig.far().on(Op::Remove).fail();
        assert_eq!(rig.manual.block_on(rig.store.remove_many(&[1, 2])).unwrap(), 0);
        let found = rig.manual.block_on(rig.store.get_many(&[1, 2, 3])).unwrap();
        let values: Vec<_> = found.into_iter().map(Lookup::value).collect();
        assert_eq!(values, [None, None, Some(30)]);
        fault.lift();
        rig.mend();
        assert_eq!([1, 2, 3].map(|key| rig.kept(key)), [None, None, Some(30)]);
    }

    #[test]
    fn of_a_clear_distrusts_everything_until_it_is_cleared() {
        let rig = rig();
        rig.put(1, 10);
        let fault = rig.far().on(Op::Clear).fail();
        rig.manual.block_on(rig.store.clear()).unwrap();
        assert!(rig.store.stats().distrusts_all);
        assert_eq!((rig.kept(1), rig.value(1)), (Some(10), None));
        rig.put(2, 20);
        assert_eq!(rig.value(2), None, "what is written meanwhile will be cleared, too");
        fault.lift();
        rig.mend();
        assert_eq!((rig.kept(1), rig.store.stats().distrusts_all), (None, false));
        rig.put(3, 30);
        assert_eq!(rig.value(3), Some(30));
    }

    #[test]
    fn too_many_of_them_distrust_everything() {
        let (env, manual) = Env::manual();
        let far = Faulty::new(MapStore::<u64, u64>::new(&env), &env);
        let store = far.optional(|_, _| {}, &env).remembered_keys(2);
        manual.block_on(store.put(9, 90)).unwrap();
        let fault = store.inner().on(Op::Remove).fail();
        for key in 1..=2 {
            manual.block_on(store.remove(&key)).unwrap();
        }
        assert_eq!(manual.block_on(store.value(&9)).unwrap(), Some(90));
        manual.block_on(store.remove(&3)).unwrap();
        let stats = store.stats();
        assert_eq!((stats.distrusted_keys, stats.distrusts_all), (0, true));
        assert_eq!(manual.block_on(store.value(&9)).unwrap(), None);
        fault.lift();
        manual.advance(5 * SECOND);
        manual.run();
        assert!(!store.stats().distrusts_all);
        assert_eq!(manual.block_on(store.inner().inner().value(&9)).unwrap(), None, "it was cleared");
    }

    #[test]
    fn of_a_key_that_the_tier_refuses_does_not_hold_up_the_others() {
        let rig = rig();
        rig.put(1, 10);
        let refusal = Error::new(ErrorKind::Invalid, "a key that can't be");
        let invalid = rig.far().faults().on_any().key(|key| *key == 666).fail_with(refusal);
        let fault = rig.far().on(Op::Remove).first(1).fail();
        rig.remove(1);
        rig.put(666, 0);
        rig.mend();
        assert!(invalid.injected() > 1 && fault.injected() == 1);
        assert_eq!((rig.kept(1), rig.store.stats().distrusted_keys), (None, 0));
    }

    #[test]
    fn is_made_up_for_by_a_flush_or_the_flush_fails() {
        let rig = rig();
        rig.put(1, 10);
        let fault = rig.far().on(Op::Remove).fail();
        rig.remove(1);
        assert_eq!(kind(rig.manual.block_on(rig.store.flush())), Err(ErrorKind::Store));
        fault.lift();
        assert_eq!(kind(rig.manual.block_on(rig.store.flush())), Ok(()));
        assert_eq!(rig.kept(1), None);
    }

    #[test]
    fn leaves_no_task_behind_when_the_store_is_dropped() {
        let rig = rig();
        rig.far().on(Op::Remove).fail();
        rig.remove(1);
        assert_eq!(rig.manual.run(), 1, "one task waits, however many keys there are");
        rig.remove(2);
        assert_eq!(rig.manual.run(), 1);
        let Rig { manual, store, .. } = rig;
        drop(store);
        manual.advance(5 * SECOND);
        assert_eq!(manual.run(), 0);
    }

    #[test]
    fn through_a_breaker_that_is_open_is_made_up_for_when_it_closes() {
        let (env, manual) = Env::manual();
        let far = Faulty::new(MapStore::<u64, u64>::new(&env), &env);
        let breaker = Breaker::new(0.5, 1).open_for(SECOND);
        let store = far
            .within(50 * MS, &env)
            .circuit_broken(breaker, &env)
            .unwrap()
            .optional(|_, _| {}, &env)
            .shared();
        manual.block_on(store.put(1, 10)).unwrap();
        let far = || store.inner().inner().inner();
        let hang = far().faults().on_any().hang();
        let writer = store.clone();
        let removal = start(&env, async move { kind(writer.remove(&1).await) });
        manual.run();
        manual.advance(50 * MS);
        manual.run();
        assert_eq!(removal.answer(), Some(Ok(false)), "the caller waited for the deadline");
        assert!(!manual.block_on(store.remove(&1)).unwrap(), "and now the breaker is open");
        assert_eq!(manual.block_on(store.value(&1)).unwrap(), None);
        hang.lift();
        for _ in 0..10 {
            manual.advance(SECOND);
            manual.run();
        }
        assert_eq!(manual.block_on(far().inner().value(&1)).unwrap(), None);
        assert_eq!(store.stats().distrusted_keys, 0);
    }
}

#[test]
fn a_lease_of_another_store_fills_nothing() {
    let (one, other) = (rig(), rig());
    other.far().on(Op::Get).fail();
    assert_eq!(one.fill(1, 10, other.lease(1)), Filled::Void);
    assert_eq!(one.fill(1, 10, Lease::new([1, 2])), Filled::Void);
    let own = one.lease(1);
    assert!(one.fill(1, 10, own).is_stored());
}

mod a_tower_keeps_its_promises {
    use super::*;

    const SEEDS: u64 = 700;

    fn engine(world: &World) -> Memory<u64, u64, Lru> {
        MemoryOptions::new(2).ttl(60 * MS).env(world.env()).shards(1).build(Lru::new)
    }

    fn unsteady(world: &World) -> impl Store<Key = u64, Value = u64> + use<> {
        world.unsteady(MapStore::new(world.env()).ttl(150 * MS))
    }

    fn run<S: Store<Key = u64, Value = u64>>(writes: Writes, tower: impl Fn(&World) -> S) {
        for_seeds(SEEDS, |seed| {
            Simulation::new(seed).writes(writes).judges_reads_only().run(&tower);
        });
    }

    #[test]
    fn an_optional_tier_and_read_through() {
        run(Writes::Behind, |world| {
            unsteady(world).optional(|_, _| {}, world.env()).read_through_in(world.origin(), world.env())
        });
    }

    #[test]
    fn an_optional_tier_that_soon_distrusts_everything() {
        run(Writes::Behind, |world| {
            let optional = unsteady(world).optional(|_, _| {}, world.env()).remembered_keys(1);
            optional.read_through_in(world.origin(), world.env())
        });
    }

    #[test]
    fn a_near_tier_before_an_optional_one() {
        run(Writes::Behind, |world| {
            let far = unsteady(world).optional(|_, _| {}, world.env());
            far.fronted_by(engine(world)).read_through_in(world.origin(), world.env())
        });
    }

    #[test]
    fn the_good_order_and_writes_through_it() {
        run(Writes::Through, |world| {
            let env = world.env();
            let limited = unsteady(world).within(10 * MS, env);
            let breaker = Breaker::new(0.5, 4).window(100 * MS).open_for(20 * MS);
            let far = limited.circuit_broken(breaker, env).unwrap().optional(|_, _| {}, env);
            let tiers = far.fronted_by(engine(world));
            tiers.read_through_in(world.origin(), env).write_through(world.origin())
        });
    }

    /// The oracle has teeth: who forgets failed writes is caught.
    #[test]
    fn a_tier_whose_faults_are_forgotten_is_caught() {
        let caught = (0..SEEDS).any(|seed| {
            let simulation = Simulation::new(seed).judges_reads_only();
            let outcome = simulation
                .try_run(|world| Forgetful(unsteady(world)).read_through_in(world.origin(), world.env()));
            outcome.is_err()
        });
        assert!(caught);
    }
}

/// Turns faults into misses, and forgets them.
struct Forgetful<S>(S);

impl<S: Store> Store for Forgetful<S> {
    type Key = S::Key;
    type Value = S::Value;

    async fn get(&self, key: &S::Key) -> Result<Lookup<S::Value>> {
        Ok(self.0.get(key).await.unwrap_or(Lookup::Miss(Lease::new([0, 0]))))
    }
    fn get_now(&self, key: &S::Key) -> Option<Lookup<S::Value>> {
        self.0.get_now(key)
    }
    async fn lease(&self, key: &S::Key) -> Result<Lease> {
        Ok(self.0.lease(key).await.unwrap_or(Lease::new([0, 0])))
    }
    async fn fill(&self, key: S::Key, entry: Entry<S::Value>, lease: Lease) -> Result<Filled> {
        Ok(self.0.fill(key, entry, lease).await.unwrap_or(Filled::Void))
    }
    async fn insert(&self, key: S::Key, entry: Entry<S::Value>) -> Result<()> {
        self.0.insert(key, entry).await.or(Ok(()))
    }
    async fn remove(&self, key: &S::Key) -> Result<bool> {
        self.0.remove(key).await.or(Ok(false))
    }
    async fn clear(&self) -> Result<()> {
        self.0.clear().await.or(Ok(()))
    }
}
