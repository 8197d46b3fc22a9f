//! The origin of a run: slow, failing, forgetful of its replies.

use std::fmt;
use std::sync::Arc;

use larder_core::{BoxFuture, Change, Entry, Error, Loader, Result, Writer};

use super::chance::{Callee, Chance};
use super::history::{History, shown};

/// The source of truth of a simulated [`World`](super::World): a loader and a writer whose calls are, by the seed, slow, late,
/// failed, done without a reply, hung until the faults end, or ended by a panic. The clones are one origin.
#[derive(Clone)]
pub struct SimulatedOrigin {
    chance: Arc<Chance>,
    history: Arc<History>,
}

impl SimulatedOrigin {
    pub(super) fn new(chance: &Arc<Chance>, history: &Arc<History>) -> Self {
        Self { chance: Arc::clone(chance), history: Arc::clone(history) }
    }

    async fn read(&self, keys: &[u64]) -> Result<Vec<Option<Entry<u64>>>> {
        let _loads = Loads::begin(&self.history, keys);
        let read = async {
            let rows: Vec<_> = keys.iter().map(|key| self.history.row(*key)).collect();
            self.history.say(&format!("origin: {keys:?} read as {rows:?}"));
            Ok(rows.into_iter().map(|row| row.map(Entry::new)).collect())
        };
        self.chance.upset(Callee::Origin, || Error::load("a simulated fault"), read).await
    }
}

/// Loads under way: they end when they are dropped.
struct Loads<'a> {
    history: &'a History,
    begun: Vec<(u64, u64)>,
}

impl<'a> Loads<'a> {
    fn begin(history: &'a History, keys: &[u64]) -> Self {
        history.say(&format!("origin: load of {keys:?}"));
        Self { history, begun: keys.iter().map(|key| (*key, history.begin_load(*key))).collect() }
    }
}

impl Drop for Loads<'_> {
    fn drop(&mut self) {
        for (key, began) in &self.begun {
            self.history.end_load(*key, *began);
        }
    }
}

impl Loader<u64, u64> for SimulatedOrigin {
    fn load<'a>(&'a self, key: &'a u64) -> BoxFuture<'a, Result<Option<Entry<u64>>>> {
        Box::pin(async move { Ok(self.read(&[*key]).await?.pop().flatten()) })
    }

    fn load_many<'a>(&'a self, keys: &'a [u64]) -> BoxFuture<'a, Result<Vec<Option<Entry<u64>>>>> {
        Box::pin(self.read(keys))
    }
}

impl Writer<u64, u64> for SimulatedOrigin {
    fn write<'a>(&'a self, change: &'a Change<u64, u64>) -> BoxFuture<'a, Result<()>> {
        self.write_many(std::slice::from_ref(change))
    }

    fn write_many<'a>(&'a self, changes: &'a [Change<u64, u64>]) -> BoxFuture<'a, Result<()>> {
        let write = async move {
            for change in changes {
                let (key, row) = (*change.key(), change.value().copied());
                self.history.set_row(key, row);
                self.history.say(&format!("origin: {key} written as {}", shown(row)));
            }
            Ok(())
        };
        Box::pin(self.chance.upset(Callee::Origin, || Error::write("a simulated fault"), write))
    }
}

impl fmt::Debug for SimulatedOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimulatedOrigin")
    }
}
