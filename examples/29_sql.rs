//! A SQL database in both its roles: the origin behind a memory cache, and a large tier for what is dear to make.
//!
//! As the origin a table is loader and writer, and a batch of misses is one statement. As a tier it is slow (a round trip
//! a hit) and large, needs no further server, and is shared by all processes: its leases and writes name the version of
//! the row they replace. This example starts a PostgreSQL of its own, if there is one, and takes SQLite otherwise.

#[path = "common/postgres.rs"]
mod postgres;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use larder::policies::Lru;
use larder::prelude::*;
use larder::sql::{Postgres, SqlStore, Sqlite, Table};
use larder::{DynStore, Raw, Result};

type Books = Table<u64, String>;

const SCHEMA: &str = "CREATE TABLE books (id BIGINT PRIMARY KEY, title TEXT NOT NULL)";

#[tokio::main]
async fn main() -> Result<()> {
    if let Some((_server, url)) = postgres::start() {
        let db = Postgres::connect(&url).await?;
        db.execute(SCHEMA).await?;
        as_origin(db.table("books", "id", &["title"])?, || db.queries()).await?;
        as_tier(async || db.store("summaries").await).await?;
        db.close().await;
    } else {
        println!("PostgreSQL is not installed (apt-get install postgresql): this is SQLite");
        let db = Sqlite::in_memory().await?;
        db.execute(SCHEMA).await?;
        as_origin(db.table("books", "id", &["title"])?, || db.queries()).await?;
        as_tier(async || db.store("summaries").await).await?;
        db.close().await;
    }
    Ok(())
}

async fn as_origin(books: Books, queries: impl Fn() -> u64) -> Result<()> {
    let all: Vec<_> = (0..100).map(|id| larder::Change::Put(id, format!("Volume {id}"))).collect();
    let before = queries();
    books.write_many(&all).await?;
    assert_eq!(queries() - before, 1);
    println!("the origin takes 100 rows in one statement");

    let cache = Memory::new(1_000, Lru::new).read_through(books);
    let keys: Vec<u64> = (0..100).collect();
    for expected in [1, 0] {
        let before = queries();
        let hits = cache.get_many(&keys).await?.iter().filter(|found| found.is_hit()).count();
        let sent = queries() - before;
        println!("100 books through the cache: {hits} found, {sent} statements");
        assert_eq!((hits, sent), (100, expected));
    }
    Ok(())
}

/// Three copies in memory, all of them in the table, and the work itself behind both.
fn tiers(table: SqlStore, work: Arc<AtomicUsize>) -> DynStore<u64, Vec<u8>> {
    let summaries = table
        .encode(Raw)
        .keyed(|book: &u64| book.to_be_bytes().to_vec())
        .fronted_by(Memory::new(3, Lru::new))
        .read_through(move |book: u64| {
            work.fetch_add(1, Ordering::Relaxed);
            std::future::ready(Ok(Some(format!("what volume {book} is about").into_bytes())))
        });
    summaries.into_dyn()
}

async fn as_tier(open: impl AsyncFn() -> Result<SqlStore>) -> Result<()> {
    let work = Arc::new(AtomicUsize::new(0));
    let summaries = tiers(open().await?, Arc::clone(&work));
    for book in 0..20 {
        assert!(summaries.value(&book).await?.is_some());
    }
    println!("20 summaries were written: 3 are in memory, all are in the table");

    let other = tiers(open().await?, Arc::clone(&work));
    for book in 0..20 {
        assert!(other.value(&book).await?.is_some());
    }
    assert_eq!(work.load(Ordering::Relaxed), 20);
    println!("another process finds all of them there: no work");

    summaries.remove(&7).await?;
    other.remove(&7).await?;
    assert!(other.value(&7).await?.is_some());
    assert_eq!(work.load(Ordering::Relaxed), 21);
    println!("what one removes the other works for again");
    Ok(())
}
