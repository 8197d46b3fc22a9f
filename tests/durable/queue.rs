//! The queue under proof: memory before a SQLite table, durable by a journal; all in one folder.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder::journal::FileJournal;
use larder::patterns::{Batch, PatternExt, TokioEnv, WriteBehind};
use larder::policies::Lru;
use larder::serde::PostcardChange;
use larder::sql::{Sqlite, Table};
use larder::{BoxFuture, Env, Journal, Loader, Memory, Record, Recovered, Result, Store};

/// Few keys, so that each is written often.
pub(crate) const KEYS: u64 = 5;

pub(crate) type Origin = Arc<Table<u64, u64>>;
pub(crate) type Queue = WriteBehind<Memory<u64, u64, Lru>, Origin>;

/// What the journal takes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeping {
    All,
    /// It acknowledges all and leaves out every third: what the proof must find.
    Some,
}

impl Keeping {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Some => "some",
        }
    }

    pub(crate) fn named(name: &str) -> Self {
        if name == Self::Some.name() { Self::Some } else { Self::All }
    }
}

pub(crate) async fn create(folder: &Path) -> Result<()> {
    let db = Sqlite::open(folder.join("origin.db")).await?;
    db.execute("CREATE TABLE numbers (k INTEGER PRIMARY KEY, v INTEGER NOT NULL)").await?;
    db.close().await;
    Ok(())
}

pub(crate) async fn open(folder: &Path, keeping: Keeping) -> Result<(Queue, Origin)> {
    let db = Sqlite::open(folder.join("origin.db")).await?;
    let origin: Origin = Arc::new(db.table("numbers", "k", &["v"])?);
    let journal = Forgetful {
        inner: FileJournal::open(folder.join("journal")).await?,
        keeping,
        calls: AtomicU64::new(0),
    };
    let batch = Batch::of(3).every(Duration::from_millis(2));
    let queue = Memory::new(3, Lru::new).write_behind(Arc::clone(&origin), batch, &Env::tokio());
    Ok((queue.durable(journal, PostcardChange::new()).await?, origin))
}

pub(crate) async fn drain(queue: Queue) -> Result<()> {
    queue.flush().await?;
    queue.close().await
}

pub(crate) async fn values(origin: &Origin) -> Result<Vec<Option<u64>>> {
    let keys: Vec<u64> = (0..KEYS).collect();
    let loaded = origin.load_many(&keys).await?;
    Ok(loaded.into_iter().map(|entry| entry.map(|entry| *entry.value())).collect())
}

struct Forgetful {
    inner: FileJournal,
    keeping: Keeping,
    calls: AtomicU64,
}

impl Journal for Forgetful {
    fn append(&self, records: Vec<Record>) -> BoxFuture<'_, Result<()>> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        if self.keeping == Keeping::Some && call % 3 == 2 {
            return Box::pin(async { Ok(()) });
        }
        self.inner.append(records)
    }

    fn settle(&self, sequences: Vec<u64>) -> BoxFuture<'_, Result<()>> {
        self.inner.settle(sequences)
    }

    fn recover(&self) -> BoxFuture<'_, Result<Recovered>> {
        self.inner.recover()
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.close()
    }
}
