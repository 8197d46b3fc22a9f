//! A table is a map: any sequence of operations, checked against a `BTreeMap`.

mod common;

use std::collections::BTreeMap;

use common::server::Server;
use common::{Db, sqlite, value, values};
use larder_core::Change::{Delete, Put};
use larder_core::{Change, Loader, Writer};
use larder_sql::Table;
use proptest::prelude::*;

type Value = (Option<i64>, Vec<u8>);

#[derive(Clone, Debug)]
enum Operation {
    Load(String),
    LoadMany(Vec<String>),
    Write(Change<String, Value>),
    WriteMany(Vec<Change<String, Value>>),
}

fn operation(key: &'static str) -> impl Strategy<Value = Operation> {
    let key = move || key;
    let change = move || {
        prop_oneof![(key(), any::<Value>()).prop_map(|(key, value)| Put(key, value)), key().prop_map(Delete),]
    };
    prop_oneof![
        key().prop_map(Operation::Load),
        prop::collection::vec(key(), 0..40).prop_map(Operation::LoadMany),
        change().prop_map(Operation::Write),
        prop::collection::vec(change(), 0..40).prop_map(Operation::WriteMany),
    ]
}

fn apply(model: &mut BTreeMap<String, Value>, change: &Change<String, Value>) {
    match change {
        Put(key, value) => drop(model.insert(key.clone(), value.clone())),
        Delete(key) => drop(model.remove(key)),
    }
}

async fn check(db: Db, operations: Vec<Operation>) {
    db.execute(db.pick(
        "CREATE TABLE t (k TEXT PRIMARY KEY, a INTEGER, b BLOB)",
        "CREATE TABLE t (k TEXT PRIMARY KEY, a BIGINT, b BYTEA)",
    ))
    .await;
    let table: Table<String, Value> = db.table("t", "k", &["a", "b"]);
    let mut model = BTreeMap::new();
    for operation in operations {
        match operation {
            Operation::Load(key) => {
                assert_eq!(value(table.load(&key).await.unwrap()), model.get(&key).cloned());
            }
            Operation::LoadMany(keys) => {
                let expected: Vec<_> = keys.iter().map(|key| model.get(key).cloned()).collect();
                assert_eq!(values(table.load_many(&keys).await.unwrap()), expected);
            }
            Operation::Write(change) => {
                table.write(&change).await.unwrap();
                apply(&mut model, &change);
            }
            Operation::WriteMany(changes) => {
                table.write_many(&changes).await.unwrap();
                for change in &changes {
                    apply(&mut model, change);
                }
            }
        }
    }
    let rows = db.number("SELECT count(*) FROM t WHERE $1 = 1").await;
    assert_eq!(rows, i64::try_from(model.len()).unwrap());
    db.close().await;
}

fn run(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_table_in_sqlite_behaves_like_a_map(
        operations in prop::collection::vec(operation("[ab\0'\"é]{0,2}"), 1..40),
    ) {
        run(async { check(sqlite().await, operations).await });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_table_in_postgresql_behaves_like_a_map(
        operations in prop::collection::vec(operation("[ab\\\\'\"é]{0,2}"), 1..40),
    ) {
        if let Some(server) = Server::shared() {
            run(async { check(Db::Postgres(server.database().await), operations).await });
        }
    }
}
