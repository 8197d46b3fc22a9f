//! A journal in a folder: `FileJournal`.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use larder_core::{BoxFuture, Error, ErrorKind, Journal, Record, Recovered, Result};

use crate::answer::answer;
use crate::disk::{Disk, Folder};
use crate::log::Log;
use crate::options::Options;
use crate::queue::{Call, Queue};
use crate::refused::Refused;
use crate::thread;

/// A [`Journal`] in the files of one folder, which is its own.
///
/// Dropped without [`close`](Journal::close) it still does what was asked, behind the scenes, and lets go of its folder a
/// moment later.
pub struct FileJournal {
    queue: Arc<Queue>,
}

impl FileJournal {
    /// Opens the journal in the folder `path`, with the settings of [`Options::new`]. Creates it if need be.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, Options::new()).await
    }

    /// Opens the journal in the folder `path`. Creates it if need be.
    ///
    /// All files are read once. [`Refused`] says why it may be refused.
    pub async fn open_with(path: impl AsRef<Path>, options: Options) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let lock = move || match Folder::lock(&path) {
            Ok(Some(folder)) => Ok(folder),
            Ok(None) => Err(Refused::Held.into()),
            Err(error) => Err(Error::new(ErrorKind::Invalid, "opening a journal").because(error)),
        };
        Self::on(lock, options).await
    }

    async fn on<D: Disk>(
        disk: impl FnOnce() -> Result<D> + Send + 'static,
        options: Options,
    ) -> Result<Self> {
        let queue = Arc::new(Queue::default());
        let (answer, opened) = answer();
        let open = move || Log::open(disk()?, options);
        let this = Self { queue: Arc::clone(&queue) };
        thread::start(queue, options.fsync, open, answer)?;
        opened.await?;
        Ok(this)
    }
}

impl Journal for FileJournal {
    fn append(&self, records: Vec<Record>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            if records.iter().any(|record| u32::try_from(record.bytes.len()).is_err()) {
                return Err(Error::new(ErrorKind::Invalid, "appending a record of 4 GiB or more"));
            }
            self.queue.ask(|answer| Call::Append(records, answer)).await
        })
    }

    fn settle(&self, sequences: Vec<u64>) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.queue.ask(|answer| Call::Settle(sequences, answer)))
    }

    fn recover(&self) -> BoxFuture<'_, Result<Recovered>> {
        Box::pin(self.queue.ask(Call::Recover))
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.queue.close())
    }
}

impl Drop for FileJournal {
    fn drop(&mut self) {
        self.queue.abandon();
    }
}

impl fmt::Debug for FileJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileJournal")
    }
}
