//! What takes notes of calls, and ends with a file.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use larder_core::{Entry, Error, ErrorKind, Key, Life, Result, Value};

use super::event::{Event, Kind};
use super::options::RecordOptions;
use super::scribe::{self, Log};
use super::stripes::Stripes;
use crate::shards::sample_hash;

/// The seed of the sample, so that a recording and its simulation don't take the same keys.
const SEED: u64 = 0x7265_636f_7264;

/// How a recording goes.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Recording {
    /// How many look-ups are in the file so far; the latest follow.
    pub written: u64,
    /// How many calls went unnoted because the writer did not keep up or had failed, or because a function of
    /// [`RecordOptions`] panicked.
    pub lost: u64,
    /// Why nothing more is written.
    pub failure: Option<Arc<io::Error>>,
}

/// Takes notes.
pub(super) struct Recorder<K: Key, V: Value> {
    options: RecordOptions<K, V>,
    /// When the recording began, in nanoseconds of its clock.
    began: u64,
    stripes: Arc<Stripes>,
    log: Arc<Log>,
    ended: AtomicBool,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl<K: Key, V: Value> Recorder<K, V> {
    pub(super) fn start(path: &Path, options: RecordOptions<K, V>) -> Result<Self> {
        let (stripes, batches) = Stripes::new();
        let (stripes, log) = (Arc::new(stripes), Arc::new(Log::default()));
        let thread = scribe::start(path, Arc::clone(&stripes), batches, Arc::clone(&log));
        let fails = |error| Error::new(ErrorKind::Invalid, "beginning a recording").because(error);
        let thread = Mutex::new(Some(thread.map_err(fails)?));
        let began = options.clock.now_precise().as_nanos();
        Ok(Self { options, began, stripes, log, ended: AtomicBool::new(false), thread })
    }

    /// Notes a look-up: what it found, if anything.
    pub(super) fn look_up(&self, key: &K, found: Option<&Entry<V>>) {
        let kind = if found.is_some() { Kind::Hit } else { Kind::Miss };
        let Some(event) = self.event(kind, key, found.map(Entry::value)) else { return };
        self.stripes.push(event.with_ttl(found.and_then(|entry| ttl(entry.life()))));
    }

    /// An entry that is about to be filled in or written; what to [note](Self::note) of it afterwards.
    pub(super) fn entering(&self, key: &K, value: &V) -> Option<Event> {
        self.event(Kind::Fill, key, Some(value))
    }

    /// Notes that the entry is there now, with this life, as of when it was about to be: before anybody could find it.
    pub(super) fn note(&self, entered: Option<Event>, life: Life) {
        if let Some(event) = entered {
            self.stripes.push(event.with_ttl(ttl(life)));
        }
    }

    /// The event, unless the recording has ended, the key is outside the sample, or a function panics.
    fn event(&self, kind: Kind, key: &K, value: Option<&V>) -> Option<Event> {
        if self.ended.load(Ordering::Relaxed) {
            return None;
        }
        let name = || {
            let named = (self.options.name)(key);
            if sample_hash(named, SEED) > self.options.threshold {
                return None;
            }
            let size = self.options.size.as_ref().zip(value).map_or(1, |(size, value)| size(key, value));
            Some((named, size))
        };
        let Ok(named) = catch_unwind(AssertUnwindSafe(name)) else {
            self.stripes.lose(1);
            return None;
        };
        named.map(|(named, size)| Event::new(kind, named, self.now(), size))
    }

    fn now(&self) -> u64 {
        self.options.clock.now_precise().as_nanos().saturating_sub(self.began)
    }

    pub(super) fn recording(&self) -> Recording {
        Recording { written: self.log.written(), lost: self.stripes.lost(), failure: self.log.failure() }
    }

    /// Writes what is left and completes the file. What went wrong since the beginning is told here.
    pub(super) fn finish(&self) -> Result<()> {
        self.ended.store(true, Ordering::Relaxed);
        self.stripes.end();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return Ok(()) };
        let error = || Error::new(ErrorKind::Store, "recording requests");
        thread.join().map_err(|_| error())?;
        self.log.failure().map_or(Ok(()), |failure| Err(error().because(failure)))
    }
}

impl<K: Key, V: Value> Drop for Recorder<K, V> {
    fn drop(&mut self) {
        let _ = self.finish();
    }
}

impl<K: Key, V: Value> fmt::Debug for Recorder<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("recording", &self.recording()).finish_non_exhaustive()
    }
}

/// How long an entry lives in all, where that is known.
fn ttl(life: Life) -> Option<Duration> {
    let usable = life.usable_until();
    usable.duration().or_else(|| Some(usable.time()?.since(life.stored()?)))
}
