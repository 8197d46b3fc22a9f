//! Durable write-behind: a write is acknowledged once it is in a journal on disk, and outlives the process.
//!
//! Use it when write-behind is fast enough and losing an acknowledged write is not an option. It costs an append to a file
//! for each write, with an `fsync` that writers share, and a folder that one process owns.
//!
//! This program starts itself a second time; that process acknowledges three writes and dies before the origin has any.

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use larder::journal::FileJournal;
use larder::patterns::{Batch, WriteBehind};
use larder::policies::Lru;
use larder::prelude::*;
use larder::serde::PostcardChange;
use larder::testkit::MapOrigin;

type Database = MapOrigin<String, u64>;
type Carts = WriteBehind<Memory<String, u64, Lru>, Database>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    if let Some(folder) = std::env::args_os().nth(1) {
        return first_life(folder.as_ref()).await;
    }
    let folder = std::env::temp_dir().join(format!("larder-durable-writes-{}", std::process::id()));
    let child = Command::new(std::env::current_exe()?).arg(&folder).output()?;
    assert!(!child.status.success(), "it dies");
    print!("{}", String::from_utf8_lossy(&child.stdout));

    let database = Database::new();
    let carts = open(&folder, database.clone()).await?;
    assert_eq!((carts.stats().depth, database.rows().len()), (2, 0));
    println!("the next process has them from the journal: {} keys are in its queue", carts.stats().depth);
    assert_eq!(carts.value(&"ann".to_owned()).await?, Some(2));
    println!("its readers see them before the origin has them: ann has 2 articles");

    carts.close().await?;
    assert_eq!(database.get(&"ann".to_owned()), Some(2));
    assert_eq!(database.get(&"bob".to_owned()), Some(7));
    println!("and then the origin has them: {:?}", database.rows());
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// Acknowledges three writes, of two keys, and dies with all of them in the queue.
async fn first_life(folder: &Path) -> Result<(), Box<dyn Error>> {
    let carts = open(folder, Database::new()).await?;
    for (name, articles) in [("ann", 1), ("bob", 7), ("ann", 2)] {
        carts.put(name.to_owned(), articles).await?;
    }
    println!("3 writes of {} keys are acknowledged, and the process dies", carts.stats().depth);
    std::process::abort();
}

/// Writes leave after an hour, or when they are flushed.
async fn open(folder: &Path, database: Database) -> larder::Result<Carts> {
    let batch = Batch::of(100).every(Duration::from_hours(1));
    let journal = FileJournal::open(folder).await?;
    let carts = Memory::new(100, Lru::new).write_behind(database, batch, &Env::tokio());
    carts.durable(journal, PostcardChange::new()).await
}
