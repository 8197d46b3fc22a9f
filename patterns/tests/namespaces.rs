//! What namespaces promise: parts of one store never meet, and each is dropped in one step.

mod common;

use common::{kind, start};
use larder_core::{Entry, Env, ErrorKind, Filled, Lookup, Memory, MemoryOptions, Store, StoreExt};
use larder_patterns::{InNamespace, Namespace, Namespaced, PatternExt};
use larder_policies::Lru;
use larder_testkit::store::{Options, conforms};
use larder_testkit::{Faulty, Gate, Manual, MapStore, Op};
use proptest::prelude::{Strategy, any, prop_assert_eq, prop_oneof, proptest};

type Shared = larder_core::Shared<Memory<InNamespace<u64>, u64, Lru>>;

fn world() -> (Env, Manual, Shared) {
    let (env, manual) = Env::manual();
    let store = MemoryOptions::new(10_000).env(&env).build(Lru::new).shared();
    (env, manual, store)
}

fn value(manual: &Manual, store: &impl Store<Key = u64, Value = u64>, key: u64) -> Option<u64> {
    manual.block_on(store.value(&key)).unwrap()
}

#[test]
fn a_clear_drops_one_namespace_and_touches_no_other() {
    let (_env, manual, shared) = world();
    let parts = ["users", "teams"].map(|name| shared.clone().in_namespace(&Namespace::new(name, 1)));
    for part in &parts {
        (0..50).for_each(|key| manual.block_on(part.put(key, key)).unwrap());
    }
    let before = shared.len();
    manual.block_on(parts[0].clear()).unwrap();
    assert_eq!(shared.len(), before, "nothing is looked for, nothing is moved");
    assert!((0..50).all(|key| value(&manual, &parts[0], key).is_none()));
    assert!((0..50).all(|key| value(&manual, &parts[1], key) == Some(key)));
    manual.block_on(parts[0].put(1, 11)).unwrap();
    assert_eq!(value(&manual, &parts[0], 1), Some(11));
}

#[test]
fn a_deploy_with_another_version_sees_nothing_of_the_last_one_and_does_not_disturb_it() {
    let (_env, manual, shared) = world();
    let old = shared.clone().in_namespace(&Namespace::new("users", 1));
    let new = shared.in_namespace(&Namespace::new("users", 2));
    manual.block_on(old.put(1, 10)).unwrap();
    assert_eq!(value(&manual, &new, 1), None);
    manual.block_on(new.put(1, 20)).unwrap();
    manual.block_on(new.clear()).unwrap();
    assert_eq!((value(&manual, &old, 1), value(&manual, &new, 1)), (Some(10), None));
}

#[test]
fn a_handle_kept_outside_clears_the_part_in_its_tower() {
    let (env, manual, shared) = world();
    let gate = Gate::<u64, u64>::new();
    let users = Namespace::new("users", 1);
    let part = shared.in_namespace(&users).shared();
    let tower = part.clone().read_through_in(gate.clone(), &env).shared();
    let reader = tower.clone();
    let waiting = start(&env, async move { reader.value(&1).await });
    manual.run();
    users.clear();
    gate.try_next_call().unwrap().release(1);
    manual.run();
    assert_eq!(waiting.answer().unwrap().unwrap(), Some(1), "who waited already may have it");
    assert_eq!(value(&manual, &part, 1), None, "the store may not");
}

/// Race 1 between the check of the lease and the fill itself.
#[test]
fn a_clear_while_the_store_takes_a_fill_or_a_write_leaves_it_behind() {
    let (env, manual) = Env::manual();
    let inner = Faulty::new(MapStore::<InNamespace<u64>, u64>::new(&env), &env);
    let faults = inner.faults();
    faults.on(Op::Fill).hang();
    faults.on(Op::Insert).hang();
    let part = inner.in_namespace(&Namespace::new("users", 1)).shared();
    let lease = manual.block_on(part.lease(&1)).unwrap();
    let (filler, writer) = (part.clone(), part.clone());
    let filled = start(&env, async move { filler.fill(1, 1.into(), lease).await });
    let written = start(&env, async move { writer.put(2, 2).await });
    manual.run();
    manual.block_on(part.clear()).unwrap();
    faults.lift_all();
    manual.run();
    assert!(filled.answer().unwrap().is_ok() && written.answer().unwrap().is_ok());
    assert_eq!((value(&manual, &part, 1), value(&manual, &part, 2)), (None, None));
}

#[test]
fn a_lease_of_another_namespace_version_or_epoch_is_void() {
    let (_env, manual, shared) = world();
    let users = Namespace::new("users", 1);
    let part = shared.clone().in_namespace(&users);
    let other =
        |namespace: Namespace| manual.block_on(shared.clone().in_namespace(&namespace).lease(&1)).unwrap();
    let bare = manual.block_on(part.lease(&1)).unwrap().split().1.unwrap();
    let old = manual.block_on(part.lease(&1)).unwrap();
    users.clear();
    let foreign = [other(Namespace::new("teams", 1)), other(Namespace::new("users", 2)), bare, old];
    for lease in foreign {
        assert_eq!(manual.block_on(part.fill(1, 1.into(), lease)).unwrap(), Filled::Void);
    }
    let good = manual.block_on(part.lease(&2)).unwrap();
    let fills = vec![(1, Entry::new(1), other(Namespace::new("teams", 1))), (2, Entry::new(2), good)];
    assert_eq!(
        manual
            .block_on(part.fill_many(fills))
            .unwrap()
            .into_iter()
            .map(Filled::is_stored)
            .collect::<Vec<_>>(),
        [false, true]
    );
    let clone = shared.in_namespace(&users);
    let lease = manual.block_on(part.lease(&1)).unwrap();
    assert!(manual.block_on(clone.fill(1, 1.into(), lease)).unwrap().is_stored(), "clones are one");
}

#[test]
fn an_epoch_from_elsewhere_moves_on_and_never_back() {
    let (_env, manual, shared) = world();
    let users = Namespace::new("users", 1);
    let part = shared.clone().in_namespace(&users);
    let put = || manual.block_on(part.put(1, 1)).unwrap();
    put();
    assert!(users.merge_epoch(3));
    assert_eq!(value(&manual, &part, 1), None);
    put();
    for late in [3, 2, 0, u64::MAX] {
        assert!(!users.merge_epoch(late));
        assert_eq!((value(&manual, &part, 1), users.epoch()), (Some(1), 3));
    }
    let restarted = shared.clone().in_namespace(&Namespace::in_epoch("users", 1, users.epoch()));
    assert_eq!(value(&manual, &restarted, 1), Some(1), "what was not cleared is there after a restart");
    users.clear();
    let restarted = shared.in_namespace(&Namespace::in_epoch("users", 1, users.epoch()));
    assert_eq!(value(&manual, &restarted, 1), None, "what was cleared is not");
}

#[test]
fn the_last_epoch_that_can_be_asked_for_can_be_cleared() {
    let (_env, manual, shared) = world();
    let part = shared.in_namespace(&Namespace::in_epoch("users", 1, u64::MAX));
    manual.block_on(part.put(1, 1)).unwrap();
    manual.block_on(part.clear()).unwrap();
    assert_eq!(value(&manual, &part, 1), None);
}

#[test]
fn batches_stay_in_their_namespace() {
    let (_env, manual, shared) = world();
    let [users, teams] = ["users", "teams"].map(|name| shared.clone().in_namespace(&Namespace::new(name, 1)));
    manual.block_on(users.insert_many(vec![(1, 1.into()), (2, 2.into())])).unwrap();
    manual.block_on(teams.insert_many(vec![(2, 22.into())])).unwrap();
    let values = |part: &Namespaced<Shared>| {
        let found = manual.block_on(part.get_many(&[2, 1, 3])).unwrap();
        found.into_iter().map(Lookup::value).collect::<Vec<_>>()
    };
    assert_eq!((values(&users), values(&teams)), (vec![Some(2), Some(1), None], vec![Some(22), None, None]));
    assert_eq!(manual.block_on(teams.remove_many(&[1, 2])).unwrap(), 1);
    assert_eq!(values(&users), [Some(2), Some(1), None]);
}

#[test]
fn errors_of_the_wrapped_store_are_passed_on_and_a_clear_asks_it_nothing() {
    let (env, manual) = Env::manual();
    let inner = Faulty::new(MapStore::<String, u64>::new(&env), &env);
    inner.faults().on_any().fail();
    let part = inner.in_namespace(&Namespace::new("users", 1));
    let key = || "a".to_owned();
    assert_eq!(kind(manual.block_on(part.get(&key())).map(drop)), Err(ErrorKind::Store));
    assert_eq!(kind(manual.block_on(part.put(key(), 1))), Err(ErrorKind::Store));
    assert_eq!(kind(manual.block_on(part.clear())), Ok(()));
}

#[test]
fn a_namespace_conforms_whatever_its_keys() {
    let (env, manual) = Env::manual();
    let make = async || {
        let namespace = Namespace::new("users", 1);
        MapStore::<InNamespace<u64>, u64>::new(&env).in_namespace(&namespace)
    };
    manual.block_on(conforms(make, &Options::manual(|n| n, |n| n, &manual)));
    let make = async || MapStore::<String, u64>::new(&env).in_namespace(&Namespace::new("", 0));
    manual.block_on(conforms(make, &Options::manual(|n| format!("{n}"), |n| n, &manual)));
    let make = async || MapStore::<Vec<u8>, u64>::new(&env).in_namespace(&Namespace::new("1:", 7));
    manual.block_on(conforms(make, &Options::manual(|n| n.to_le_bytes().to_vec(), |n| n, &manual)));
    let shared = MemoryOptions::new(100_000).env(&env).build(Lru::new).shared();
    let number = std::sync::atomic::AtomicU64::new(0);
    let make = async || {
        let version = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let part: Namespaced<Shared> = shared.clone().in_namespace(&Namespace::new("part", version));
        part
    };
    manual.block_on(conforms(make, &Options::manual(|n| n, |n| n, &manual).coarse_leases()));
}

fn awkward() -> impl Strategy<Value = String> {
    prop_oneof!["[0-9:]{0,6}", any::<String>()]
}

proptest! {
    /// Two keys are one only if name, version, epoch and plain key are.
    #[test]
    fn stored_keys_are_injective(
        one in (awkward(), 0..12_u64, 0..12_u64, awkward()),
        other in (awkward(), 0..12_u64, 0..12_u64, awkward()),
    ) {
        let (env, manual) = Env::manual();
        let strings = MapStore::<String, u64>::new(&env).shared();
        let bytes = MapStore::<Vec<u8>, u64>::new(&env).shared();
        let beside = MapStore::<InNamespace<String>, u64>::new(&env).shared();
        let same = one == other;
        let namespace = |of: &(String, u64, u64, String)| Namespace::in_epoch(&of.0, of.1, of.2);
        let (first, second) = (namespace(&one), namespace(&other));
        manual.block_on(async {
            strings.clone().in_namespace(&first).put(one.3.clone(), 1).await.unwrap();
            bytes.clone().in_namespace(&first).put(one.3.clone().into(), 1).await.unwrap();
            beside.clone().in_namespace(&first).put(one.3.clone(), 1).await.unwrap();
            let found = [
                strings.in_namespace(&second).contains(&other.3).await.unwrap(),
                bytes.in_namespace(&second).contains(&other.3.clone().into()).await.unwrap(),
                beside.in_namespace(&second).contains(&other.3).await.unwrap(),
            ];
            prop_assert_eq!(found, [same; 3]);
            Ok(())
        })?;
    }
}
