//! The embedded engine: rows by key, in two keyspaces that change together.

use std::path::Path;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, KvSeparationOptions, PersistMode};

/// Bytes of the engine's log on disk.
const LOG: u64 = 64 << 20;
/// Bytes that the engine keeps in memory of what it read.
const CACHED: u64 = 8 << 20;

/// The longest key, in bytes: the engine's longest name but for the letter before it.
pub(crate) const LONGEST_KEY: usize = u16::MAX as usize - 1;

/// What a key is called in the engine, which takes no empty names.
fn name(key: &[u8]) -> Vec<u8> {
    [b"k", key].concat()
}

/// The rows. An error means that a write may or may not be there, and that no further one is taken.
pub(crate) struct Engine {
    database: Database,
    values: Keyspace,
    notes: Keyspace,
}

impl Engine {
    pub(crate) fn open(folder: &Path) -> fjall::Result<Self> {
        let database = Database::builder(folder).max_journaling_size(LOG).cache_size(CACHED).open()?;
        let values = database.keyspace("values", || {
            KeyspaceCreateOptions::default().with_kv_separation(Some(KvSeparationOptions::default()))
        })?;
        let notes = database.keyspace("notes", KeyspaceCreateOptions::default)?;
        Ok(Self { database, values, notes })
    }

    /// Both rows of `key`, which is no longer than may be. Once done, they survive the end of the program.
    pub(crate) fn put(&self, key: &[u8], value: Vec<u8>, note: Vec<u8>) -> fjall::Result<()> {
        let mut batch = self.database.batch().durability(Some(PersistMode::Buffer));
        batch.insert(&self.values, name(key), value);
        batch.insert(&self.notes, name(key), note);
        batch.commit()
    }

    pub(crate) fn value(&self, key: &[u8]) -> fjall::Result<Option<impl AsRef<[u8]>>> {
        self.values.get(name(key))
    }

    pub(crate) fn remove(&self, key: &[u8]) -> fjall::Result<()> {
        let mut batch = self.database.batch().durability(Some(PersistMode::Buffer));
        batch.remove(&self.values, name(key));
        batch.remove(&self.notes, name(key));
        batch.commit()
    }

    pub(crate) fn clear(&self) -> fjall::Result<()> {
        // Notes first: without its note no row is read after a restart.
        self.notes.clear()?;
        self.values.clear()?;
        self.database.persist(PersistMode::Buffer)
    }

    /// Waits until all is on the disk.
    pub(crate) fn sync(&self) -> fjall::Result<()> {
        self.database.persist(PersistMode::SyncAll)
    }

    /// Every key with its note; what can't be read is left out.
    pub(crate) fn notes(&self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        self.notes
            .iter()
            .filter_map(|row| row.into_inner().ok())
            .filter_map(|(name, note)| Some((name.strip_prefix(b"k")?.to_vec(), note.to_vec())))
    }
}
