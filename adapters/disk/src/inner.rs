//! What the workers do: index and rows, changed together.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use larder_core::{
    Cause, Clock, Entry, Error, ErrorKind, EvictionPolicy, Filled, Lease, Lifetimes, Lookup, Memory,
    MemoryOptions, Parcel, Random, Result,
};
use parking_lot::{Mutex, RwLock};

use crate::engine::{Engine, LONGEST_KEY};
use crate::options::{DiskOptions, WallClock};
use crate::rows::{self, Place};
use crate::trust::Trust;

/// What an entry counts beside its key and its row.
const OVERHEAD: u64 = 64;

/// How often a folder is tried that another store has, and how long is waited between.
const PATIENCE: u32 = 25;
const MOMENT: Duration = Duration::from_millis(20);

/// Keys that have left the index, with the write that was theirs.
type Leaving = Arc<Mutex<Vec<(Vec<u8>, u64)>>>;

/// Index and rows. All that is done with one key is done by one worker, so here one thing comes after another.
pub(crate) struct Inner<P> {
    pub(crate) index: Memory<Vec<u8>, Place, P>,
    /// Shared by what concerns one key, held alone by what concerns all. None: it could not be opened again.
    engine: RwLock<Option<Engine>>,
    rows: PathBuf,
    trust: Trust,
    lifetimes: Lifetimes,
    clock: Clock,
    random: Random,
    wall_clock: WallClock,
    next: AtomicU64,
    leaving: Leaving,
    is_closed: AtomicBool,
    pub(crate) damaged: AtomicU64,
    pub(crate) begun_anew: AtomicU64,
}

impl<P: EvictionPolicy> Inner<P> {
    /// The store with what an earlier run left, as far as it may be believed.
    pub(crate) fn open(options: DiskOptions, policy: impl Fn(u64) -> P) -> Result<Self> {
        let DiskOptions { folder, capacity, lifetimes, clock, random, wall_clock, .. } = options;
        let failed = |source: BoxError| invalid("opening a store on disk").because(source);
        std::fs::create_dir_all(&folder).map_err(|error| failed(error.into()))?;
        let (rows, trust) = (folder.join("rows"), Trust::of(&folder));
        let is_given = trust.is_given();
        if !trust.claim(&rows).map_err(|error| failed(error.into()))? {
            return Err(failed("another program has something there".into()));
        }
        let engine = opened(&rows).map_err(failed)?;
        if !is_given {
            engine.clear().map_err(|error| failed(error.into()))?;
        }
        trust.open().map_err(|error| failed(error.into()))?;
        let leaving = Leaving::default();
        let index = index(capacity, &clock, &leaving, policy);
        let inner = Self {
            index,
            engine: RwLock::new(Some(engine)),
            rows,
            trust,
            lifetimes,
            clock,
            random,
            wall_clock,
            next: AtomicU64::new(0),
            leaving,
            is_closed: AtomicBool::new(false),
            damaged: AtomicU64::new(0),
            begun_anew: AtomicU64::new(0),
        };
        inner.recover();
        Ok(inner)
    }

    /// Fills the index from the notes, in the order in which they were written.
    fn recover(&self) {
        let engine = self.engine.read();
        let Some(engine) = &*engine else { return };
        let (now, wall) = (self.clock.now_precise(), (self.wall_clock)());
        let mut found = Vec::new();
        for (key, row) in engine.notes() {
            match rows::note(&row, now, wall).filter(|(_, life)| life.is_usable(now)) {
                Some((place, life)) => found.push((place, life, key)),
                // One that stays is left out by the next start, too.
                None => _ = engine.remove(&key),
            }
        }
        found.sort_unstable_by_key(|(place, _, _)| place.sequence);
        let next = found.last().map_or(0, |(place, _, _)| place.sequence.saturating_add(1));
        self.next.store(next, Ordering::Relaxed);
        for (place, life, key) in found {
            self.index.insert_entry(key, Entry::with_life(place, life));
        }
    }

    pub(crate) fn read(&self, key: &[u8]) -> Result<Lookup<Parcel>> {
        self.refuse_if_closed()?;
        let engine = self.engine.read();
        let entry = match self.index.lookup(key) {
            Lookup::Miss(lease) => return Ok(Lookup::Miss(lease)),
            Lookup::Hit(entry) => entry,
        };
        let (place, life) = entry.into_parts();
        if let Some(parcel) = engine.as_ref().and_then(|engine| value(engine, key, place)) {
            return Ok(Lookup::Hit(Entry::with_life(parcel, life)));
        }
        self.damaged.fetch_add(1, Ordering::Relaxed);
        self.index.remove(key);
        Ok(Lookup::Miss(self.index.lease_now(key)))
    }

    /// Writes an entry; with a lease, only if it is good.
    pub(crate) fn write(&self, key: &[u8], entry: Entry<Parcel>, lease: Option<Lease>) -> Result<Filled> {
        self.refuse_if_closed()?;
        if key.len() > LONGEST_KEY {
            return Err(invalid("writing to a store on disk").because("the key is longer than may be"));
        }
        let (parcel, life) = entry.into_parts();
        let now = self.clock.now();
        let life = life.resolve(now, &self.lifetimes, || self.random.next());
        let sequence = self.next.fetch_add(1, Ordering::Relaxed);
        let row = rows::value_row(sequence, &parcel);
        let Ok(len) = u32::try_from(row.len()) else {
            return Err(invalid("writing to a store on disk").because("the value is over 4 GiB"));
        };
        let place = Place { sequence, len };
        let note = rows::note_row(place, life, now, (self.wall_clock)());
        let written = {
            let engine = self.engine.read();
            let entry = Entry::with_life(place, life);
            match lease {
                None => self.index.insert_entry(key.to_vec(), entry),
                Some(lease) => match self.index.fill_now(key.to_vec(), entry, lease) {
                    Filled::Void => return Ok(Filled::Void),
                    Filled::Stored(_) => {}
                },
            }
            self.put_row(engine.as_ref(), key, row, note)
        };
        if let Err(error) = written {
            self.index.remove(key);
            self.begin_anew()?;
            return Err(failure("writing to a store on disk", error));
        }
        Ok(Filled::Stored(life))
    }

    /// The rows of an entry that the index took; none of one that it refused.
    fn put_row(
        &self,
        engine: Option<&Engine>,
        key: &[u8],
        row: Vec<u8>,
        note: Vec<u8>,
    ) -> std::result::Result<(), BoxError> {
        let engine = engine.ok_or("the folder can't be opened again")?;
        let done = if self.index.contains(key) { engine.put(key, row, note) } else { engine.remove(key) };
        done.map_err(Into::into)
    }

    pub(crate) fn remove(&self, key: &[u8]) -> Result<bool> {
        self.refuse_if_closed()?;
        if key.len() > LONGEST_KEY {
            return Ok(false);
        }
        let (was_there, removed) = {
            let engine = self.engine.read();
            let was_there = self.index.remove(key).is_some();
            (was_there, engine.as_ref().map_or(Ok(()), |engine| engine.remove(key)))
        };
        // Without its rows, the store has forgotten this one, too.
        removed.or_else(|_| self.begin_anew())?;
        Ok(was_there)
    }

    pub(crate) fn clear(&self) -> Result<()> {
        self.refuse_if_closed()?;
        let cleared = {
            let engine = self.engine.write();
            self.index.clear();
            engine.as_ref().map_or(Ok(()), Engine::clear)
        };
        cleared.or_else(|_| self.begin_anew())
    }

    pub(crate) fn flush(&self) -> Result<()> {
        let engine = self.engine.read();
        let synced = engine.as_ref().map_or(Ok(()), Engine::sync);
        synced.map_err(|error| failure("flushing a store on disk", error))
    }

    /// The next start may believe all that is there, after a loss of power as well.
    pub(crate) fn close(&self) -> Result<()> {
        if self.is_closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        self.flush()?;
        self.trust.close().map_err(|error| failure("closing a store on disk", error))
    }

    /// The keys that left the index since the last time.
    pub(crate) fn leaving(&self) -> Vec<(Vec<u8>, u64)> {
        std::mem::take(&mut *self.leaving.lock())
    }

    /// Frees the rows of a key that has left, unless it was written again. One that fails stays until the next start.
    pub(crate) fn free(&self, key: &[u8], sequence: u64) {
        let engine = self.engine.read();
        let Some(engine) = &*engine else { return };
        let row = engine.value(key).ok().flatten();
        if row.is_some_and(|row| rows::sequence(row.as_ref()) == Some(sequence)) {
            let _ = engine.remove(key);
        }
    }

    /// Forgets everything, here and on disk: after a write that failed nobody knows which rows are there.
    fn begin_anew(&self) -> Result<()> {
        let mut engine = self.engine.write();
        self.index.clear();
        let again = || -> std::result::Result<Engine, BoxError> {
            // From here on, no start believes what is left.
            self.trust.revoke()?;
            std::fs::remove_dir_all(&self.rows)?;
            let engine = Engine::open(&self.rows)?;
            self.trust.open()?;
            Ok(engine)
        };
        *engine = None;
        self.begun_anew.fetch_add(1, Ordering::Relaxed);
        *engine = Some(again().map_err(|error| failure("beginning a store on disk anew", error))?);
        Ok(())
    }

    fn refuse_if_closed(&self) -> Result<()> {
        let closed = || Error::new(ErrorKind::Closed, "using a store on disk");
        if self.is_closed.load(Ordering::Acquire) { Err(closed()) } else { Ok(()) }
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn invalid(doing: &'static str) -> Error {
    Error::new(ErrorKind::Invalid, doing)
}

fn failure(doing: &'static str, source: impl Into<BoxError>) -> Error {
    Error::new(ErrorKind::Store, doing).because(source)
}

/// The engine in `rows`; a new one if what is there can't be read.
///
/// A store that was dropped just now may still have a row to free: it is waited for, a little.
fn opened(rows: &Path) -> std::result::Result<Engine, BoxError> {
    for _ in 0..PATIENCE {
        match Engine::open(rows) {
            Ok(engine) => return Ok(engine),
            Err(fjall::Error::Locked) => thread::sleep(MOMENT),
            Err(_) => {
                std::fs::remove_dir_all(rows)?;
                return Ok(Engine::open(rows)?);
            }
        }
    }
    Err("another store has the folder".into())
}

fn index<P: EvictionPolicy>(
    capacity: u64,
    clock: &Clock,
    leaving: &Leaving,
    policy: impl Fn(u64) -> P,
) -> Memory<Vec<u8>, Place, P> {
    let leaving = Arc::clone(leaving);
    let weigh = |key: &Vec<u8>, place: &Place| {
        let weight = key.len() as u64 + u64::from(place.len) + OVERHEAD;
        u32::try_from(weight).unwrap_or(u32::MAX)
    };
    // One shard: the policy sees all, and the disk is slower than any lock.
    let options = MemoryOptions::new(capacity).clock(clock.clone()).weigh(weigh).shards(1);
    let told = options.on_removal(move |key: &Vec<u8>, place: &Place, cause| {
        if matches!(cause, Cause::Evicted | Cause::Expired) {
            leaving.lock().push((key.clone(), place.sequence));
        }
    });
    told.build(policy)
}

/// The value at `place`; `None` if it is damaged or not there.
fn value(engine: &Engine, key: &[u8], place: Place) -> Option<Parcel> {
    let row = engine.value(key).ok()??;
    (rows::sequence(row.as_ref()) == Some(place.sequence)).then(|| rows::parcel(row.as_ref()))?
}
