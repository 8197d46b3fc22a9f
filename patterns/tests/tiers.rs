//! What two tiers promise: near first, far behind, and never apart.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{kind, poll_once, start};
use larder_core::{Entry, Env, ErrorKind, Filled, Lease, Lookup, Memory, MemoryOptions, Store, StoreExt};
use larder_patterns::{PatternExt, Tiered};
use larder_policies::Lru;
use larder_testkit::store::{Options, conforms};
use larder_testkit::{CountingLoader, Fault, Faulty, Manual, MapStore, Op};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

type Engine = Memory<u64, u64, Lru>;
type Far = Faulty<MapStore<u64, u64>>;

const SECOND: Duration = Duration::from_secs(1);

fn memory(env: &Env, capacity: u64, ttl: Duration) -> Engine {
    MemoryOptions::new(capacity).ttl(ttl).env(env).build(Lru::new)
}

/// An engine in front of a store that fails when told.
fn tiers() -> (Env, Manual, Tiered<Engine, Far>) {
    let (env, manual) = Env::manual();
    let far = Faulty::new(MapStore::new(&env), &env);
    let near = memory(&env, 100, 10 * SECOND);
    (env, manual, far.fronted_by(near))
}

/// The exercise at the end of the guide to `Cache`, with its numbers.
#[test]
fn two_tiers_count_exactly_as_in_the_guides_exercise() {
    let (env, manual) = Env::manual();
    let loader = CountingLoader::new(|id: u64| async move { Ok(Some(id * 10)) });
    let cache = memory(&env, 1_000, 60 * SECOND)
        .fronted_by(memory(&env, 100, 10 * SECOND))
        .read_through_in(loader.clone(), &env);
    let request = |near_hits, far_hits, misses| {
        assert_eq!(manual.block_on(cache.value(&1)).unwrap(), Some(10));
        let stats = cache.inner().stats();
        assert_eq!((stats.near_hits, stats.far_hits, stats.misses), (near_hits, far_hits, misses));
        [stats.near_hit_rate(), stats.far_hit_rate(), stats.total_hit_rate()].map(|rate| format!("{rate:.2}"))
    };
    assert_eq!(request(0, 0, 1), ["0.00", "0.00", "0.00"]);
    assert_eq!(request(1, 0, 1), ["0.50", "0.00", "0.50"]);
    manual.advance(11 * SECOND);
    assert_eq!(request(1, 1, 1), ["0.33", "0.33", "0.67"]);
    assert_eq!(request(2, 1, 1), ["0.50", "0.25", "0.75"]);
    assert_eq!(loader.counts().calls(), 1);
    cache.inner().reset_stats();
    assert_eq!(cache.inner().stats().requests(), 0);
}

#[test]
fn a_promoted_copy_never_outlives_the_far_one() {
    let (env, manual) = Env::manual();
    let tiers = memory(&env, 1_000, 60 * SECOND).fronted_by(memory(&env, 100, 10 * SECOND));
    manual.block_on(tiers.far().put(1, 10)).unwrap();
    manual.advance(55 * SECOND);
    let far = manual.block_on(tiers.get(&1)).unwrap().hit().unwrap();
    let near = tiers.near().get_entry(&1).unwrap();
    assert_eq!(near.life().usable_until(), far.life().usable_until());
    assert_eq!(near.life().stored(), far.life().stored());
    manual.advance(5 * SECOND);
    assert!(!manual.block_on(tiers.get(&1)).unwrap().is_hit());
}

#[test]
fn a_promoted_copy_lives_the_near_tiers_own_life_from_the_promotion_on() {
    let (env, manual) = Env::manual();
    let tiers = memory(&env, 1_000, 60 * SECOND).fronted_by(memory(&env, 100, 10 * SECOND));
    manual.block_on(tiers.far().insert_many(vec![(1, 10.into()), (2, 20.into())])).unwrap();
    manual.advance(20 * SECOND);
    manual.block_on(tiers.get(&1)).unwrap();
    manual.block_on(tiers.get_many(&[2])).unwrap();
    manual.advance(Duration::from_nanos(9_999_999_999));
    assert!(tiers.near().contains(&1) && tiers.near().contains(&2));
    manual.advance(Duration::from_nanos(1));
    assert!(!tiers.near().contains(&1) && !tiers.near().contains(&2));
}

#[test]
fn a_miss_fills_both_tiers_with_one_lease() {
    let (_env, manual, tiers) = tiers();
    let Lookup::Miss(lease) = manual.block_on(tiers.get(&1)).unwrap() else { panic!("nothing was stored") };
    assert!(manual.block_on(tiers.fill(1, 10.into(), lease)).unwrap().is_stored());
    assert_eq!(tiers.near().get(&1), Some(10));
    assert_eq!(manual.block_on(tiers.far().value(&1)).unwrap(), Some(10));
}

#[test]
fn a_fill_that_the_far_tier_refuses_does_not_reach_the_near_one() {
    let (_env, manual, tiers) = tiers();
    let lease = manual.block_on(tiers.lease(&1)).unwrap();
    manual.block_on(tiers.far().put(1, 11)).unwrap();
    assert_eq!(manual.block_on(tiers.fill(1, 10.into(), lease)).unwrap(), Filled::Void);
    assert_eq!(tiers.near().get(&1), None);
}

#[test]
fn a_lease_of_another_store_is_void() {
    let (_env, manual, tiers) = tiers();
    let own = |key| manual.block_on(tiers.far().lease(&key)).unwrap();
    for lease in [own(1), own(1).and(own(1)), Lease::new([0, 0])] {
        assert_eq!(manual.block_on(tiers.fill(1, 10.into(), lease)).unwrap(), Filled::Void);
    }
    let fills = vec![(1, Entry::new(10), own(1)), (2, 20.into(), manual.block_on(tiers.lease(&2)).unwrap())];
    let filled = manual.block_on(tiers.fill_many(fills)).unwrap();
    assert_eq!(filled.into_iter().map(Filled::is_stored).collect::<Vec<_>>(), [false, true]);
    assert_eq!((tiers.near().get(&1), tiers.near().get(&2)), (None, Some(20)));
}

#[test]
fn tiers_of_tiers_fill_all_of_them() {
    let (env, manual) = Env::manual();
    let engine = || memory(&env, 100, SECOND);
    let near = engine().fronted_by(engine());
    let tower = engine().fronted_by(engine()).fronted_by(near);
    let lease = manual.block_on(tower.lease(&1)).unwrap();
    assert!(manual.block_on(tower.fill(1, 10.into(), lease)).unwrap().is_stored());
    let all = [tower.near().near(), tower.near().far(), tower.far().near(), tower.far().far()];
    assert!(all.into_iter().all(|tier| tier.get(&1) == Some(10)));
}

#[test]
fn a_batch_asks_the_far_tier_once_and_copies_what_it_has() {
    let (_env, manual, tiers) = tiers();
    manual.block_on(tiers.near().put(1, 10)).unwrap();
    manual.block_on(tiers.far().insert_many(vec![(2, 20.into()), (3, 30.into())])).unwrap();
    tiers.far().on(Op::Get).nth(2).fail();
    let found = manual.block_on(tiers.get_many(&[3, 1, 4, 2])).unwrap();
    let values: Vec<_> = found.into_iter().map(Lookup::value).collect();
    assert_eq!(values, [Some(30), Some(10), None, Some(20)]);
    let stats = tiers.stats();
    assert_eq!((stats.near_hits, stats.far_hits, stats.misses), (1, 2, 1));
    assert_eq!((tiers.near().get(&2), tiers.near().get(&3)), (Some(20), Some(30)));
}

#[test]
fn a_failed_write_leaves_no_near_copy_and_is_an_error() {
    type Write = fn(&Tiered<Engine, Far>, &Manual) -> Result<(), ErrorKind>;
    let writes: [(Op, Write); 5] = [
        (Op::Insert, |tiers, manual| kind(manual.block_on(tiers.put(1, 11)))),
        (Op::Insert, |tiers, manual| kind(manual.block_on(tiers.insert_many(vec![(1, 11.into())])))),
        (Op::Remove, |tiers, manual| kind(manual.block_on(tiers.remove(&1))).map(drop)),
        (Op::Remove, |tiers, manual| kind(manual.block_on(tiers.remove_many(&[1]))).map(drop)),
        (Op::Clear, |tiers, manual| kind(manual.block_on(tiers.clear()))),
    ];
    for (op, write) in writes {
        let (_env, manual, tiers) = tiers();
        manual.block_on(tiers.put(1, 10)).unwrap();
        let lost: Fault = tiers.far().on(op).lose_reply();
        assert_eq!(write(&tiers, &manual), Err(ErrorKind::Store), "{op:?}");
        assert_eq!(lost.injected(), 1);
        assert_eq!(tiers.near().get(&1), None, "{op:?}: nobody knows what is far");
    }
}

#[test]
fn a_write_dropped_midway_leaves_no_near_copy() {
    let (_env, manual, tiers) = tiers();
    manual.block_on(tiers.put(1, 10)).unwrap();
    tiers.far().on(Op::Insert).hang();
    let mut write = Box::pin(tiers.put(1, 11));
    assert!(poll_once(&mut write).is_pending());
    assert_eq!(tiers.near().get(&1), Some(10));
    drop(write);
    assert_eq!(tiers.near().get(&1), None);
}

#[test]
fn a_failing_near_tier_is_made_up_for_by_the_far_one_and_counted() {
    let (env, manual) = Env::manual();
    let near = Faulty::new(MapStore::<u64, u64>::new(&env), &env);
    let tiers = MapStore::new(&env).fronted_by(near);
    manual.block_on(tiers.far().put(1, 10)).unwrap();
    for op in [Op::Get, Op::Fill] {
        tiers.near().on(op).fail();
    }
    assert_eq!(manual.block_on(tiers.value(&1)).unwrap(), Some(10));
    assert_eq!(tiers.stats().near_errors, 1);
    let found = manual.block_on(tiers.get_many(&[1, 2])).unwrap();
    assert_eq!(found.iter().map(Lookup::is_hit).collect::<Vec<_>>(), [true, false]);
    let Lookup::Miss(lease) = manual.block_on(tiers.get(&2)).unwrap() else { panic!("nothing was stored") };
    assert!(manual.block_on(tiers.fill(2, 20.into(), lease)).unwrap().is_stored());
    assert_eq!(manual.block_on(tiers.far().value(&2)).unwrap(), Some(20));
    assert_eq!(tiers.stats().near_errors, 3);
}

#[test]
fn a_failing_far_tier_is_an_error_except_for_what_is_near() {
    let (_env, manual, tiers) = tiers();
    manual.block_on(tiers.put(1, 10)).unwrap();
    tiers.far().on(Op::Get).fail();
    assert_eq!(manual.block_on(tiers.value(&1)).unwrap(), Some(10));
    assert_eq!(kind(manual.block_on(tiers.value(&2))), Err(ErrorKind::Store));
}

#[test]
fn two_writes_of_one_key_reach_both_tiers_in_the_same_order() {
    let (env, manual, tiers) = tiers();
    let tiers = Arc::new(tiers);
    let slow = tiers.far().on(Op::Insert).key(|&key| key == 1).hang();
    let write = |value| {
        let tiers = Arc::clone(&tiers);
        start(&env, async move { kind(tiers.put(1, value).await) })
    };
    let (first, second) = (write(11), write(12));
    manual.run();
    assert_eq!(slow.injected(), 1, "the second write waits for its turn");
    slow.release();
    slow.lift();
    manual.run();
    assert_eq!((first.answer(), second.answer()), (Some(Ok(())), Some(Ok(()))));
    assert_eq!(tiers.near().get(&1), Some(12));
    assert_eq!(manual.block_on(tiers.far().value(&1)).unwrap(), Some(12));
}

#[test]
fn batches_that_share_keys_in_any_order_do_not_lock_each_other_out() {
    let (env, manual, tiers) = tiers();
    let tiers = Arc::new(tiers);
    let write = |keys: Vec<u64>| {
        let tiers = Arc::clone(&tiers);
        start(
            &env,
            async move { kind(tiers.insert_many(keys.iter().map(|&k| (k, k.into())).collect()).await) },
        )
    };
    let tasks = [write((0..200).collect()), write((0..200).rev().collect()), write(vec![5, 5, 5])];
    assert_eq!(manual.run(), 0);
    assert!(tasks.iter().all(|task| task.answer() == Some(Ok(()))));
}

#[test]
fn a_near_hit_is_answered_at_once_and_all_else_is_asked_for() {
    let (_env, manual, tiers) = tiers();
    manual.block_on(tiers.far().put(1, 10)).unwrap();
    assert!(tiers.get_now(&1).is_none());
    manual.block_on(tiers.get(&1)).unwrap();
    assert!(tiers.get_now(&1).is_some_and(|found| found.is_hit()));
}

#[test]
fn every_operation_can_run_in_a_task() {
    let (env, manual, tiers) = tiers();
    let done = start(&env, async move {
        tiers.insert_many(vec![(1, 10.into())]).await?;
        tiers.get_many(&[1, 2]).await?;
        tiers.remove_many(&[1]).await?;
        tiers.put(1, 10).await?;
        tiers.remove(&1).await?;
        tiers.clear().await?;
        tiers.flush().await?;
        tiers.close().await
    });
    manual.run();
    assert!(done.answer().unwrap().is_ok());
}

#[test]
fn they_keep_the_contract_of_a_store() {
    let (env, manual) = Env::manual();
    let options = Options::manual(|n| n, |n| n, &manual);
    let engine = || -> Engine { MemoryOptions::new(10_000).env(&env).build(Lru::new) };
    manual.block_on(conforms(async || engine().fronted_by(engine()), &options));
    manual.block_on(conforms(async || MapStore::new(&env).fronted_by(engine()), &options));
}

#[derive(Clone, Debug)]
enum Step {
    Get(u64),
    Insert(u64, u64),
    Remove(u64),
    Clear,
    Fill(u64, u64),
    Evict(u64),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0_u64..4;
    prop_oneof![
        key().prop_map(Step::Get),
        (key(), any::<u64>()).prop_map(|(key, value)| Step::Insert(key, value)),
        key().prop_map(Step::Remove),
        Just(Step::Clear),
        (key(), any::<u64>()).prop_map(|(key, value)| Step::Fill(key, value)),
        key().prop_map(Step::Evict),
        (0_u64..15).prop_map(Step::Wait),
    ]
}

proptest! {
    /// The near tier, small and short-lived, changes how fast an answer comes, and never which.
    #[test]
    fn tiers_answer_as_the_far_store_alone_would(steps in proptest::collection::vec(step(), 0..60)) {
        let (env, manual) = Env::manual();
        let alone = MapStore::new(&env).ttl(30 * SECOND);
        let tiers = MapStore::new(&env).ttl(30 * SECOND).fronted_by(memory(&env, 2, 10 * SECOND));
        manual.block_on(async {
            for step in steps {
                match step {
                    Step::Get(key) => assert_eq!(tiers.value(&key).await.unwrap(), alone.value(&key).await.unwrap()),
                    Step::Insert(key, value) => {
                        tiers.put(key, value).await.unwrap();
                        alone.put(key, value).await.unwrap();
                    }
                    Step::Remove(key) => assert_eq!(tiers.remove(&key).await.unwrap(), alone.remove(&key).await.unwrap()),
                    Step::Clear => {
                        tiers.clear().await.unwrap();
                        alone.clear().await.unwrap();
                    }
                    Step::Fill(key, value) => {
                        let (lease, other) = (tiers.lease(&key).await.unwrap(), alone.lease(&key).await.unwrap());
                        let filled = tiers.fill(key, value.into(), lease).await.unwrap();
                        assert_eq!(filled, alone.fill(key, value.into(), other).await.unwrap());
                    }
                    Step::Evict(key) => drop(tiers.near().remove(&key)),
                    Step::Wait(seconds) => manual.advance(Duration::from_secs(seconds)),
                }
            }
        });
    }
}

/// A lease is taken, the near copy goes, a reader promotes the old far copy: the fill wins far and is refused near.
#[test]
fn a_fill_that_only_the_far_tier_takes_leaves_no_older_copy_near() {
    for many in [false, true] {
        let (_env, manual, tiers) = tiers();
        manual.block_on(async {
            tiers.put(1, 10).await.unwrap();
            let lease = tiers.lease(&1).await.unwrap();
            tiers.near().remove(&1);
            assert_eq!(tiers.value(&1).await.unwrap(), Some(10), "promoted");
            let filled = if many {
                tiers.fill_many(vec![(1, 20.into(), lease)]).await.unwrap()[0]
            } else {
                tiers.fill(1, 20.into(), lease).await.unwrap()
            };
            assert!(filled.is_stored());
            assert_eq!(tiers.value(&1).await.unwrap(), Some(20));
        });
    }
}
