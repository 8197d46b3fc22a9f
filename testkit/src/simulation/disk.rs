//! A disk in memory that loses what was not synced: `SimulatedDisk`, and the journal on it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use larder_core::{BoxFuture, Error, ErrorKind, Journal, Record, Recovered, Result};

use super::chance::{Callee, Chance};
use super::history::History;
use crate::latch::locked;

/// Where the journal of a simulated tower lies, and from where the next process opens it. The clones are one disk.
///
/// One of a [`World`](super::World) is slow and fails by the seed, and a [crash](Self::crash) keeps all that was acknowledged and,
/// of the rest, a part from the front; the first record lost may be found torn.
#[derive(Clone)]
pub struct SimulatedDisk {
    log: Arc<Mutex<Log>>,
    run: Option<(Arc<Chance>, Arc<History>)>,
}

#[derive(Default)]
struct Log {
    effects: Vec<Effect>,
    /// How many effects a crash keeps.
    synced: usize,
    damaged: u64,
    /// The one who opened it last; earlier ones have ended.
    owner: u64,
}

enum Effect {
    Append(Record),
    Settle(u64),
}

impl SimulatedDisk {
    /// An empty disk that never fails by itself.
    pub fn new() -> Self {
        Self { log: Arc::default(), run: None }
    }

    pub(super) fn in_run(chance: &Arc<Chance>, history: &Arc<History>) -> Self {
        Self { log: Arc::default(), run: Some((Arc::clone(chance), Arc::clone(history))) }
    }

    /// The journal on the disk. Whoever opened it before owns it no more: his calls fail.
    pub fn open(&self) -> SimulatedJournal {
        let mut log = locked(&self.log);
        log.owner += 1;
        SimulatedJournal { disk: self.clone(), owner: log.owner, closed: Mutex::new(false) }
    }

    /// The machine stops: its processes have ended, and what was not synced is lost, in part or wholly.
    pub fn crash(&self) {
        let mut log = locked(&self.log);
        log.owner += 1;
        let unsure = (log.effects.len() - log.synced) as u64;
        let below = |bound| self.run.as_ref().map_or(0, |(chance, _)| chance.below(bound));
        let lost = unsure - below(unsure + 1);
        log.damaged += u64::from(lost > 0 && below(2) == 1);
        let kept = log.effects.len() - lost as usize;
        log.effects.truncate(kept);
        log.synced = kept;
        self.say(&format!("disk: crash, {lost} of {unsure} lost"));
    }

    fn say(&self, what: &str) {
        if let Some((_, history)) = &self.run {
            history.say(what);
        }
    }

    /// Ends a call as the seed has it.
    async fn upset(&self, end: impl Future<Output = Result<()>>) -> Result<()> {
        let fault = || Error::new(ErrorKind::Store, "a simulated fault of the disk");
        match &self.run {
            None => end.await,
            Some((chance, _)) => chance.upset(Callee::Store, fault, end).await,
        }
    }
}

impl Default for SimulatedDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SimulatedDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedDisk").field("synced", &locked(&self.log).synced).finish_non_exhaustive()
    }
}

/// The journal on a [`SimulatedDisk`], as one process has it open.
///
/// # When something fails
///
/// A call that fails may have had its effect, or have it later, when another call syncs; as [`Journal`] allows.
#[derive(Debug)]
pub struct SimulatedJournal {
    disk: SimulatedDisk,
    owner: u64,
    closed: Mutex<bool>,
}

impl SimulatedJournal {
    /// Takes effect at once, in the order of calls. How long the log is then.
    fn write(&self, effects: impl Iterator<Item = Effect>) -> Result<usize> {
        self.is_open()?;
        let mut log = locked(&self.disk.log);
        log.effects.extend(effects);
        Ok(log.effects.len())
    }

    fn is_open(&self) -> Result<()> {
        if *locked(&self.closed) {
            return Err(Error::new(ErrorKind::Closed, "using a journal"));
        }
        if locked(&self.disk.log).owner != self.owner {
            return Err(Error::new(ErrorKind::Store, "using a journal that another has opened"));
        }
        Ok(())
    }
}

impl Journal for SimulatedJournal {
    fn append(&self, records: Vec<Record>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let sequences: Vec<_> = records.iter().map(|record| record.sequence).collect();
            let end = self.write(records.into_iter().map(Effect::Append))?;
            self.disk.say(&format!("disk: append {sequences:?}"));
            let sync = async {
                self.is_open()?;
                let mut log = locked(&self.disk.log);
                log.synced = log.synced.max(end);
                Ok(())
            };
            self.disk.upset(sync).await
        })
    }

    fn settle(&self, sequences: Vec<u64>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.disk.say(&format!("disk: settle {sequences:?}"));
            self.write(sequences.into_iter().map(Effect::Settle))?;
            self.disk.upset(async { Ok(()) }).await
        })
    }

    fn recover(&self) -> BoxFuture<'_, Result<Recovered>> {
        Box::pin(async move {
            self.disk.upset(async { self.is_open() }).await?;
            let log = locked(&self.disk.log);
            let mut records = BTreeMap::new();
            for effect in &log.effects {
                match effect {
                    Effect::Append(record) => drop(records.insert(record.sequence, record.clone())),
                    Effect::Settle(sequence) => drop(records.remove(sequence)),
                }
            }
            Ok(Recovered { records: records.into_values().collect(), damaged: log.damaged })
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        *locked(&self.closed) = true;
        Box::pin(async { Ok(()) })
    }
}
