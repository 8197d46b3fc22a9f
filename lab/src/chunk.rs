//! Requests by the ten thousand, their keys numbered in the order of their first appearance.

use std::collections::HashMap;
use std::time::Duration;

use foldhash::fast::FixedState;

use crate::lives::Lives;
use crate::trace::{Error, Problem, Request, Trace};

/// How many requests a chunk holds, but for the last of a trace.
pub const CHUNK: usize = 1 << 16;

/// So many keys are looked up at a time: then the look-ups wait for memory together.
const AT_ONCE: usize = 32;

/// The number of a request that never comes.
pub const NEVER: u32 = u32::MAX;

/// The TTL of what never expires.
pub const FOREVER: u64 = u64::MAX;

/// The cost of a load of which nothing is known.
pub const UNKNOWN: u32 = u32::MAX;

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

/// What a request tells besides its key and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    time: u64,
    ttl: u64,
    cost: u32,
}

impl Told {
    const NOTHING: Self = Self { time: 0, ttl: FOREVER, cost: UNKNOWN };
}

/// Adds `value` to `column`, the `length`th of it; as long as there are only `plain` ones nothing is kept.
fn put<T: Copy + PartialEq>(column: &mut Vec<T>, length: usize, value: T, plain: T) {
    if value != plain && column.is_empty() {
        column.resize(length, plain);
    }
    if value != plain || !column.is_empty() {
        column.push(value);
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

/// Numbers keys: the first is 0, each new one the next.
///
/// ```
/// use larder_lab::chunk::Numbering;
///
/// let mut numbering = Numbering::default();
/// assert_eq!([7, 9, 7].map(|key| numbering.number(key)), [Some(0), Some(1), Some(0)]);
/// ```
#[derive(Debug, Default)]
pub struct Numbering(HashMap<u64, u32, FixedState>);

impl Numbering {
    /// The number of `key`; `None` when all 2^32 - 1 numbers are taken.
    pub fn number(&mut self, key: u64) -> Option<u32> {
        let next = u32::try_from(self.0.len()).ok().filter(|next| *next != u32::MAX)?;
        Some(*self.0.entry(key).or_insert(next))
    }

    /// The number of `key`, if it has one.
    fn known(&self, key: u64) -> Option<u32> {
        self.0.get(&key).copied()
    }

    /// How many keys have a number.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no key has a number.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A trace in chunks. It ends after the last one, or after the first error.
#[derive(Debug)]
pub struct Chunks {
    trace: Trace,
    numbering: Numbering,
    lives: Lives,
    /// Keys and sizes of the requests that were read, but not numbered yet; and what else they tell, if any does.
    read: Vec<(u64, u32)>,
    told: Vec<Told>,
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
        Self {
            trace,
            numbering: Numbering::default(),
            lives,
            read: Vec::new(),
            told: Vec::new(),
            last_sizes: Vec::new(),
            last_ttls: Vec::new(),
            last_costs: Vec::new(),
            totals: Totals::default(),
            ended: false,
        }
    }

    /// What is known of the requests read so far.
    pub const fn totals(&self) -> Totals {
        self.totals
    }

    /// Which part of the file has been read, from 0 to 1; `None` where nobody knows how long it is.
    pub fn progress(&self) -> Option<f64> {
        self.trace.progress()
    }

    /// Reads first and numbers then: look-ups that follow one another at once wait for memory together.
    fn fill(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        self.read.clear();
        self.told.clear();
        while self.read.len() < CHUNK {
            let Some(request) = self.trace.next().transpose()? else { break };
            self.totals.timed |= request.at.is_some();
            let told = self.tells(&request);
            put(&mut self.told, self.read.len(), told, Told::NOTHING);
            self.read.push((request.key, request.size));
        }
        self.number(chunk)?;
        if !self.told.is_empty() || !self.last_ttls.is_empty() || !self.last_costs.is_empty() {
            self.tell(chunk);
        }
        Ok(())
    }

    /// Numbers the keys that were read: a few are looked up at a time, and then those that are new get their numbers.
    fn number(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        chunk.keys.reserve_exact(self.read.len());
        let read = std::mem::take(&mut self.read);
        for (block, requests) in read.chunks(AT_ONCE).enumerate() {
            let mut known = [None; AT_ONCE];
            for (known, (key, _)) in known.iter_mut().zip(requests) {
                *known = self.numbering.known(*key);
            }
            for (at, (known, (key, size))) in (block * AT_ONCE..).zip(known.into_iter().zip(requests)) {
                let number = known.or_else(|| self.numbering.number(*key));
                let number = number.ok_or_else(|| self.trace.error(Problem::ManyKeys))?;
                put(&mut chunk.sizes, at, *size, 1);
                chunk.keys.push(number);
                self.count(number, *size);
            }
        }
        self.read = read;
        Ok(())
    }

    /// What counts of what a request tells. Times do from the first TTL on: before it nothing can expire.
    fn tells(&self, request: &Request) -> Told {
        let ttl = self.lives.of(request).map_or(FOREVER, micros);
        let counts = ttl != FOREVER || !self.last_ttls.is_empty() || !self.told.is_empty();
        let time = if counts { request.at.map_or(0, micros) } else { 0 };
        let cost = |cost| u32::try_from(micros(cost)).unwrap_or(UNKNOWN).min(UNKNOWN - 1);
        Told { time, ttl, cost: request.cost.map_or(UNKNOWN, cost) }
    }

    /// Adds what is told of the requests of `chunk`, and of their keys before them.
    fn tell(&mut self, chunk: &mut Chunk) {
        self.told.resize(chunk.keys.len(), Told::NOTHING);
        for (at, (&key, told)) in chunk.keys.iter().zip(&self.told).enumerate() {
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
            chunk.times = self.told.iter().map(|told| told.time).collect();
        }
    }

    fn count(&mut self, key: u32, size: u32) {
        if key as usize == self.last_sizes.len() {
            self.last_sizes.push(0);
            self.totals.unique += 1;
        }
        let last = &mut self.last_sizes[key as usize];
        self.totals.unique_bytes = self.totals.unique_bytes - u64::from(*last) + u64::from(size);
        *last = size;
        self.totals.requests += 1;
        self.totals.sized |= size != 1;
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

/// Below [`FOREVER`]: 292,000 years.
fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).min(u64::MAX >> 1)
}

impl Iterator for Chunks {
    type Item = Result<Chunk, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let mut chunk = Chunk::default();
        let filled = self.fill(&mut chunk);
        chunk.reach = self.numbering.len();
        self.ended = filled.is_err() || chunk.keys.len() < CHUNK;
        match filled {
            Err(error) => Some(Err(error)),
            Ok(()) if chunk.keys.is_empty() => None,
            Ok(()) => Some(Ok(chunk)),
        }
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
