//! Many replays of one trace: read once, on all cores.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::chunk::{Chunk, Chunks};
use crate::tally::{Replay, Tally};
use crate::trace::{Error, Request, Trace};

/// How many chunks may wait for a slow worker.
const WAITING: usize = 4;

/// So many requests are counted at a time.
const COUNTED: usize = 1 << 12;

/// How far work has come, and whether it should stop. Shared with those who show the one and ask for the other.
#[derive(Debug, Default)]
pub struct Watch {
    stop: AtomicBool,
    done: AtomicU64,
    /// The bits of a number from 0 to 1.
    part: AtomicU64,
}

impl Watch {
    /// Ends the work soon, with what is done so far.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether the work should end.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// How many requests were replayed, each as often as there are replays.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Counts requests.
    pub fn add(&self, requests: usize) {
        self.done.fetch_add(requests as u64, Ordering::Relaxed);
    }

    /// Which part of a file has been read, from 0 to 1, if somebody knows how long it is.
    pub fn part(&self) -> Option<f64> {
        Some(f64::from_bits(self.part.load(Ordering::Relaxed))).filter(|part| *part > 0.0)
    }

    /// Says which part has been read.
    pub fn tell(&self, part: Option<f64>) {
        self.part.store(part.unwrap_or(0.0).to_bits(), Ordering::Relaxed);
    }

    /// The requests of `trace`, counted, until the work should end.
    pub const fn through(&self, trace: Trace) -> Watched<'_> {
        Watched { trace, watch: self, uncounted: 0 }
    }
}

/// A trace that somebody watches. Made by [`Watch::through`].
#[derive(Debug)]
pub struct Watched<'a> {
    pub(crate) trace: Trace,
    watch: &'a Watch,
    uncounted: usize,
}

impl Iterator for Watched<'_> {
    type Item = Result<Request, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.uncounted == COUNTED {
            self.watch.add(std::mem::take(&mut self.uncounted));
            self.watch.tell(self.trace.progress());
            if self.watch.is_stopped() {
                return None;
            }
        }
        self.uncounted += 1;
        self.trace.next()
    }
}

/// Feeds each replay all of `chunks`, as many at a time as there are cores. `None` for those that were stopped.
pub fn from_memory(replays: Vec<Box<dyn Replay>>, chunks: &[Chunk], watch: &Watch) -> Vec<Option<Tally>> {
    let workers = cores().min(replays.len());
    let jobs: Vec<_> = replays.into_iter().map(|replay| Mutex::new((Some(replay), None))).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Ok(mut job) = job.lock() else { continue };
            job.1 = job.0.take().and_then(|replay| whole(replay, chunks, watch));
        }
    };
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    jobs.into_iter().map(|job| job.into_inner().ok().and_then(|job| job.1)).collect()
}

fn whole(mut replay: Box<dyn Replay>, chunks: &[Chunk], watch: &Watch) -> Option<Tally> {
    for chunk in chunks {
        if watch.is_stopped() {
            return None;
        }
        replay.feed(chunk);
        watch.add(chunk.keys.len());
    }
    Some(replay.tally())
}

/// Feeds the replays a trace while it is read, and keeps nothing of it. When stopped, all have come equally far.
pub fn from_stream(
    replays: Vec<Box<dyn Replay>>,
    chunks: &mut Chunks,
    watch: &Watch,
) -> Result<Vec<Tally>, Error> {
    let workers = cores().min(replays.len()).max(1);
    let count = replays.len();
    let mut shares: Vec<Vec<(usize, Box<dyn Replay>)>> = (0..workers).map(|_| Vec::new()).collect();
    for (index, replay) in replays.into_iter().enumerate() {
        shares[index % workers].push((index, replay));
    }
    let mut tallies = vec![Tally::default(); count];
    let read = thread::scope(|scope| {
        let start = |share| {
            let (sender, receiver) = sync_channel(WAITING);
            (sender, scope.spawn(move || follow(share, &receiver, watch)))
        };
        let (senders, threads): (Vec<_>, Vec<_>) = shares.into_iter().map(start).unzip();
        let read = broadcast(chunks, &senders, watch);
        drop(senders);
        for (index, tally) in threads.into_iter().filter_map(|thread| thread.join().ok()).flatten() {
            tallies[index] = tally;
        }
        read
    });
    read.map(|()| tallies)
}

fn broadcast(chunks: &mut Chunks, senders: &[SyncSender<Arc<Chunk>>], watch: &Watch) -> Result<(), Error> {
    while let Some(chunk) = chunks.next().transpose()? {
        let chunk = Arc::new(chunk);
        watch.tell(chunks.progress());
        for sender in senders {
            // A worker only goes away by panicking, which the scope passes on.
            let _ = sender.send(Arc::clone(&chunk));
        }
        if watch.is_stopped() {
            break;
        }
    }
    Ok(())
}

fn follow(
    mut share: Vec<(usize, Box<dyn Replay>)>,
    chunks: &Receiver<Arc<Chunk>>,
    watch: &Watch,
) -> Vec<(usize, Tally)> {
    for chunk in chunks {
        for (_, replay) in &mut share {
            replay.feed(&chunk);
            watch.add(chunk.keys.len());
        }
    }
    share.into_iter().map(|(index, replay)| (index, replay.tally())).collect()
}

/// How many threads work at a time.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
