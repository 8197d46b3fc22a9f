//! A table is a map: any sequence of operations, checked against a `BTreeMap`.

mod common;

use std::collections::BTreeMap;

use common::{value, values};
use larder_core::Change::{Delete, Put};
use larder_core::{Change, Loader, Writer};
use larder_sql::{Sqlite, Table};
use proptest::prelude::*;

type Value = (Option<i64>, Vec<u8>);

#[derive(Clone, Debug)]
enum Operation {
    Load(String),
    LoadMany(Vec<String>),
    Write(Change<String, Value>),
    WriteMany(Vec<Change<String, Value>>),
}

fn operation() -> impl Strategy<Value = Operation> {
    let key = || "[ab\0'\"é]{0,2}";
    let change = || {
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

async fn check(operations: Vec<Operation>) {
    let db = Sqlite::in_memory().await.unwrap();
    db.execute("CREATE TABLE t (k TEXT PRIMARY KEY, a INTEGER, b BLOB)").await.unwrap();
    let table: Table<String, Value> = db.table("t", "k", &["a", "b"]).unwrap();
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
    let rows = db.query::<i64, i64>("SELECT count(*) FROM t WHERE ?1").load(&1).await.unwrap();
    assert_eq!(value(rows), i64::try_from(model.len()).ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_table_behaves_like_a_map(operations in prop::collection::vec(operation(), 1..40)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(check(operations));
    }
}
