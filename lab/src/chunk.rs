//! Requests by the ten thousand, their keys numbered in the order of their first appearance.

use crate::ahead::Ahead;
use crate::batch::{Batch, Batches, put};
pub use crate::batch::{CHUNK, FOREVER, UNKNOWN};
use crate::lives::Lives;
use crate::numbering::AT_ONCE;
pub use crate::numbering::Numbering;
use crate::trace::{Error, Problem, Progress, Trace};

/// The number of a request that never comes.
pub const NEVER: u32 = u32::MAX;

/// Some consecutive requests of a trace.
#[derive(Clone, Debug, Default)]
pub struct Chunk {
    /// The number of each request's key.
    pub keys: Vec<u32>,
    /// Each request's size; empty where all are 1.
    pub sizes: Vec<u32>,
    /// The number, in the whole trace, of the next request for the same key, or [`NEVER`]; empty where nobody looked.
    pub next: Vec<u32>,
    /// When each request was made, in microseconds; empty where nothing expires.
    pub times: Vec<u64>,
    /// How long, in microseconds, what each request loads may be used, or [`FOREVER`]; empty where nothing expires. A request
    /// that tells nothing has what its key was last told.
    pub ttls: Vec<u64>,
    /// How long, in microseconds, each request's value takes to load, or [`UNKNOWN`]; empty where nothing is known. A
    /// request that tells nothing has what its key was last told.
    pub costs: Vec<u32>,
    /// Above the number of every key up to here.
    pub reach: usize,
}

impl Chunk {
    /// The size of the request at `index`.
    pub fn size(&self, index: usize) -> u32 {
        self.sizes.get(index).copied().unwrap_or(1)
    }

    /// The time of the request at `index`, in microseconds, and how long what it loads may be used.
    pub(crate) fn life(&self, index: usize) -> (u64, u64) {
        let at = |column: &Vec<u64>, none| column.get(index).copied().unwrap_or(none);
        (at(&self.times, 0), at(&self.ttls, FOREVER))
    }

    /// What loading the request at `index` costs, in microseconds.
    pub(crate) fn cost(&self, index: usize) -> Option<u32> {
        self.costs.get(index).copied().filter(|cost| *cost != UNKNOWN)
    }
}

/// What is known of all requests so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many there are.
    pub requests: u64,
    /// How many keys they ask for.
    pub unique: u64,
    /// The sizes of all keys, each its last one.
    pub unique_bytes: u64,
    /// Whether any size but 1 was told.
    pub sized: bool,
    /// Whether any time was told.
    pub timed: bool,
    /// How many requests have a TTL that counts.
    pub mortal: u64,
    /// How many requests tell what a load costs.
    pub costed: u64,
    /// What they tell together, in microseconds.
    pub cost_micros: u64,
}

impl Totals {
    /// What a load costs on average, in microseconds, where any is known.
    pub fn mean_cost(&self) -> Option<f64> {
        (self.costed > 0).then(|| self.cost_micros as f64 / self.costed as f64)
    }
}

/// A trace in chunks. It ends after the last one, or after the first error.
///
/// It is read a little ahead, on a thread of its own; its keys are numbered by who asks for chunks.
#[derive(Debug)]
pub struct Chunks {
    read: Ahead<Result<Batch, Error>>,
    progress: Progress,
    /// What is said when there are no more numbers.
    many_keys: Option<Error>,
    numbering: Numbering,
    /// Of each key; empty while all are 1.
    last_sizes: Vec<u32>,
    last_ttls: Vec<u64>,
    last_costs: Vec<u32>,
    totals: Totals,
    ended: bool,
}

impl Chunks {
    /// The requests of `trace`, of which nothing expires.
    pub fn new(trace: Trace) -> Self {
        Self::living(trace, Lives::Forever)
    }

    /// The requests of `trace`, of which what is loaded may be used as long as `lives` says.
    pub fn living(trace: Trace, lives: Lives) -> Self {
        let (progress, many_keys) = (trace.meter(), Some(trace.error(Problem::ManyKeys)));
        let mut batches = Batches::new(trace, lives);
        Self {
            read: Ahead::new(move |used| batches.next(used.and_then(Result::ok))),
            progress,
            many_keys,
            numbering: Numbering::default(),
            last_sizes: Vec::new(),
            last_ttls: Vec::new(),
            last_costs: Vec::new(),
            totals: Totals::default(),
            ended: false,
        }
    }

    /// What is known of the requests in the chunks so far.
    pub const fn totals(&self) -> Totals {
        self.totals
    }

    /// Which part of the file has been read, from 0 to 1; `None` where nobody knows how long it is.
    pub fn progress(&self) -> Option<f64> {
        self.progress.part()
    }

    fn chunk(&mut self, mut batch: Batch) -> Result<Chunk, Error> {
        let mut chunk = Chunk { keys: Vec::with_capacity(batch.keys.len()), ..Chunk::default() };
        self.totals.timed |= batch.timed;
        for keys in batch.keys.chunks(AT_ONCE) {
            let numbered = self.numbering.number_all(keys, |number| chunk.keys.push(number));
            if let (None, Some(error)) = (numbered, self.many_keys.take_if(|_| numbered.is_none())) {
                return Err(error);
            }
        }
        chunk.sizes.clone_from(&batch.sizes);
        self.count(&chunk);
        if !batch.told.is_empty() || !self.last_ttls.is_empty() || !self.last_costs.is_empty() {
            self.tell(&mut chunk, &mut batch);
        }
        chunk.reach = self.numbering.len();
        self.read.give_back(Ok(batch));
        Ok(chunk)
    }

    fn count(&mut self, chunk: &Chunk) {
        self.totals.requests += chunk.keys.len() as u64;
        if !self.totals.sized && chunk.sizes.is_empty() {
            self.totals.unique = self.numbering.len() as u64;
            self.totals.unique_bytes = self.totals.unique;
            return;
        }
        self.totals.sized = true;
        self.last_sizes.resize(self.totals.unique as usize, 1);
        for (at, key) in chunk.keys.iter().enumerate() {
            self.resize(*key, chunk.size(at));
        }
    }

    fn resize(&mut self, key: u32, size: u32) {
        if key as usize == self.last_sizes.len() {
            self.last_sizes.push(0);
            self.totals.unique += 1;
        }
        let last = &mut self.last_sizes[key as usize];
        self.totals.unique_bytes = self.totals.unique_bytes - u64::from(*last) + u64::from(size);
        *last = size;
    }

    /// Adds what is told of the requests of `chunk`, and of their keys before them.
    fn tell(&mut self, chunk: &mut Chunk, batch: &mut Batch) {
        for (at, (&key, told)) in chunk.keys.iter().zip(batch.all_told()).enumerate() {
            if told.cost != UNKNOWN {
                self.totals.costed += 1;
                self.totals.cost_micros += u64::from(told.cost);
            }
            let ttl = latest(&mut self.last_ttls, key, told.ttl, FOREVER);
            let cost = latest(&mut self.last_costs, key, told.cost, UNKNOWN);
            self.totals.mortal += u64::from(ttl != FOREVER);
            put(&mut chunk.ttls, at, ttl, FOREVER);
            put(&mut chunk.costs, at, cost, UNKNOWN);
        }
        if self.totals.mortal > 0 {
            chunk.times = batch.told.iter().map(|told| told.time).collect();
        }
    }
}

/// What was last told of `key`, `told` included unless it is `nothing`. Nothing is kept before something is told.
fn latest<T: Copy + PartialEq>(last: &mut Vec<T>, key: u32, told: T, nothing: T) -> T {
    if told == nothing {
        return last.get(key as usize).copied().unwrap_or(nothing);
    }
    if last.len() <= key as usize {
        last.resize(key as usize + 1, nothing);
    }
    last[key as usize] = told;
    told
}

impl Iterator for Chunks {
    type Item = Result<Chunk, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let chunk = self.read.next()?.and_then(|batch| self.chunk(batch));
        self.ended = chunk.is_err();
        Some(chunk)
    }
}

/// Tells each request when its key comes back, over all chunks of a trace; what will surely have expired by then does not.
/// Fails if there are too many to number.
pub fn look_ahead(chunks: &mut [Chunk]) -> Result<(), TooLong> {
    let requests: usize = chunks.iter().map(|chunk| chunk.keys.len()).sum();
    let mut number = u32::try_from(requests).ok().filter(|all| *all != NEVER).ok_or(TooLong)?;
    let keys = chunks.last().map_or(0, |chunk| chunk.reach);
    let mut coming = vec![NEVER; keys];
    let expires = chunks.iter().any(|chunk| !chunk.ttls.is_empty());
    let mut times = vec![0; if expires { keys } else { 0 }];
    for chunk in chunks.iter_mut().rev() {
        chunk.next = vec![NEVER; chunk.keys.len()];
        for (index, key) in chunk.keys.iter().enumerate().rev() {
            number -= 1;
            let next = std::mem::replace(&mut coming[*key as usize], number);
            let (now, ttl) = chunk.life(index);
            let then = times.get_mut(*key as usize).map_or(0, |time| std::mem::replace(time, now));
            if then < now.saturating_add(ttl) {
                chunk.next[index] = next;
            }
        }
    }
    Ok(())
}

/// A trace has too many requests to look ahead: 2^32 - 1 or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;
