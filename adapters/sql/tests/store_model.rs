//! Two handles on one store are one map: any sequence of batches, checked against a model with leases.

mod common;

use std::collections::BTreeMap;

use common::server::Server;
use common::{Db, entry, key};
use larder_core::{Lease, Store};
use larder_sql::{SqlStore, Sqlite};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Operation {
    Get(Vec<u8>),
    /// Takes a lease on each, which a later fill uses.
    Lease(Vec<u8>),
    /// Fills with the oldest leases that are held on these keys.
    Fill(Vec<(u8, u16)>),
    Insert(Vec<(u8, u16)>),
    Remove(Vec<u8>),
    Clear,
}

fn operation() -> impl Strategy<Value = (bool, Operation)> {
    let keys = || prop::collection::vec(0..6_u8, 0..9);
    let pairs = || prop::collection::vec((0..6_u8, any::<u16>()), 0..9);
    let operation = prop_oneof![
        3 => keys().prop_map(Operation::Get),
        3 => keys().prop_map(Operation::Lease),
        3 => pairs().prop_map(Operation::Fill),
        2 => pairs().prop_map(Operation::Insert),
        2 => keys().prop_map(Operation::Remove),
        1 => Just(Operation::Clear),
    ];
    (any::<bool>(), operation)
}

/// A key's value, and how often something has voided its leases.
#[derive(Clone, Copy, Default)]
struct Slot {
    value: Option<u16>,
    generation: u64,
}

#[derive(Default)]
struct Model {
    slots: BTreeMap<u8, Slot>,
    leases: Vec<(u8, u64, Lease)>,
    generation: u64,
}

impl Model {
    fn value(&self, n: u8) -> Option<u16> {
        self.slots.get(&n).and_then(|slot| slot.value)
    }

    fn generation(&self, n: u8) -> u64 {
        self.slots.get(&n).map_or(0, |slot| slot.generation)
    }

    fn set(&mut self, n: u8, value: Option<u16>) {
        self.generation += 1;
        self.slots.insert(n, Slot { value, generation: self.generation });
    }
}

fn name(n: u8) -> Vec<u8> {
    // Two of them are long.
    key(&n.to_string().repeat(if n > 3 { 2_000 } else { 1 }))
}

async fn step(store: &SqlStore, model: &mut Model, operation: Operation) {
    match operation {
        Operation::Get(keys) => {
            let found = store.get_many(&keys.iter().copied().map(name).collect::<Vec<_>>()).await.unwrap();
            for (n, found) in keys.into_iter().zip(found) {
                let text = found.value().map(|parcel| String::from_utf8(parcel.into_payload()).unwrap());
                assert_eq!(text, model.value(n).map(|value| value.to_string()));
            }
        }
        Operation::Lease(keys) => {
            for n in keys {
                let lease = store.lease(&name(n)).await.unwrap();
                model.leases.push((n, model.generation(n), lease));
            }
        }
        Operation::Fill(pairs) => fill(store, model, pairs).await,
        Operation::Insert(pairs) => {
            let entries = pairs.iter().map(|(n, value)| (name(*n), entry(&value.to_string())));
            store.insert_many(entries.collect()).await.unwrap();
            pairs.into_iter().for_each(|(n, value)| model.set(n, Some(value)));
        }
        Operation::Remove(keys) => {
            let mut present: Vec<_> = keys.iter().filter(|n| model.value(**n).is_some()).collect();
            present.sort_unstable();
            present.dedup();
            let names: Vec<_> = keys.iter().copied().map(name).collect();
            assert_eq!(store.remove_many(&names).await.unwrap(), present.len());
            keys.into_iter().for_each(|n| model.set(n, None));
        }
        Operation::Clear => {
            store.clear().await.unwrap();
            (0..6).for_each(|n| model.set(n, None));
        }
    }
}

async fn fill(store: &SqlStore, model: &mut Model, pairs: Vec<(u8, u16)>) {
    let (mut fills, mut expected) = (Vec::new(), Vec::new());
    for (n, value) in pairs {
        let Some(at) = model.leases.iter().position(|(key, ..)| *key == n) else { continue };
        let (_, generation, lease) = model.leases.remove(at);
        fills.push((name(n), entry(&value.to_string()), lease));
        let is_good = generation == model.generation(n);
        if is_good {
            model.set(n, Some(value));
        }
        expected.push(is_good);
    }
    let filled = store.fill_many(fills).await.unwrap();
    assert_eq!(filled.into_iter().map(larder_core::Filled::is_stored).collect::<Vec<_>>(), expected);
}

async fn check(one: Db, other: Db, operations: Vec<(bool, Operation)>) {
    let stores = [one.store("cache").await, other.store("cache").await];
    let mut model = Model::default();
    for (which, operation) in operations {
        step(&stores[usize::from(which)], &mut model, operation).await;
    }
    one.close().await;
    other.close().await;
}

fn run(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_store_in_sqlite_behaves_like_its_model(operations in prop::collection::vec(operation(), 1..40)) {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let open = async || Db::Sqlite(Sqlite::open(folder.path().join("cache.db")).await.unwrap());
            check(open().await, open().await, operations).await;
        });
    }

    #[test]
    fn a_store_in_postgresql_behaves_like_its_model(operations in prop::collection::vec(operation(), 1..40)) {
        if let Some(server) = Server::shared() {
            run(async {
                let schema = server.schema().await;
                let open = async || Db::Postgres(server.database_of(&schema).await);
                check(open().await, open().await, operations).await;
            });
        }
    }
}
