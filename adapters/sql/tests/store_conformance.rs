//! The whole contract of a store, in each database; and the same through two handles on one table.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::server::Server;
use common::two::Two;
use common::{Db, on_both};
use larder_core::{Label, Lifetimes, Parcel};
use larder_sql::{SqlStore, SqlStoreOptions, Sqlite};
use larder_testkit::store::{Options, conforms};

fn options() -> Options<Vec<u8>, Parcel> {
    let value = |n: u64| Parcel::new(Label { schema: n, ..Label::default() }, n.to_le_bytes());
    Options::waiting(|n| n.to_be_bytes().into(), value, |time| Box::pin(tokio::time::sleep(time)))
}

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A table that no other test has, under a name that must be quoted.
fn table() -> SqlStoreOptions {
    SqlStoreOptions::new(format!("cache \"{}\"", NEXT.fetch_add(1, Ordering::Relaxed)))
}

#[tokio::test]
async fn it_keeps_the_contract() {
    on_both(async |db: Db| {
        let make = async || db.store(table()).await;
        conforms(make, &options().operations(2_000)).await;
    })
    .await;
}

#[tokio::test]
async fn it_keeps_the_contract_with_a_default_life() {
    on_both(async |db: Db| {
        let life = Duration::from_millis(400);
        let lifetimes = Lifetimes { usable: Some(life), ..Lifetimes::default() };
        let make = async || db.store(table().lifetimes(lifetimes)).await;
        conforms(make, &options().default_ttl(life).operations(300).seed(1)).await;
    })
    .await;
}

#[tokio::test]
async fn two_processes_with_one_file_keep_the_contract_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    let (one, other) = (Sqlite::open(&path).await.unwrap(), Sqlite::open(&path).await.unwrap());
    both_keep_the_contract(Db::Sqlite(one), Db::Sqlite(other)).await;
}

#[tokio::test]
async fn two_clients_of_one_server_keep_the_contract_together() {
    let Some(server) = Server::shared() else { return };
    let schema = server.schema().await;
    let (one, other) = (server.database_of(&schema).await, server.database_of(&schema).await);
    both_keep_the_contract(Db::Postgres(one), Db::Postgres(other)).await;
}

/// Each call goes to the one or the other.
async fn both_keep_the_contract(one: Db, other: Db) {
    let make = async || {
        let table = table();
        let stores: [SqlStore; 2] = [one.store(table.clone()).await, other.store(table).await];
        Two::new(stores, Arc::default())
    };
    conforms(make, &options().operations(1_500).seed(2)).await;
    one.close().await;
    other.close().await;
}
