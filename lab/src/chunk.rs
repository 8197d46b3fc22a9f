//! Requests by the ten thousand, their keys numbered in the order of their first appearance.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::trace::{Error, Problem, Trace};

/// How many requests a chunk holds, but for the last of a trace.
pub const CHUNK: usize = 1 << 16;

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
    /// Above the number of every key up to here.
    pub reach: usize,
}

impl Chunk {
    /// The size of the request at `index`.
    pub fn size(&self, index: usize) -> u32 {
        self.sizes.get(index).copied().unwrap_or(1)
    }

    fn push(&mut self, key: u32, size: u32) {
        if size != 1 && self.sizes.is_empty() {
            self.sizes.resize(self.keys.len(), 1);
        }
        if size != 1 || !self.sizes.is_empty() {
            self.sizes.push(size);
        }
        self.keys.push(key);
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
    /// Keys and sizes of the requests that were read, but not numbered yet.
    read: Vec<(u64, u32)>,
    last_sizes: Vec<u32>,
    totals: Totals,
    ended: bool,
}

impl Chunks {
    /// The requests of `trace`.
    pub fn new(trace: Trace) -> Self {
        Self {
            trace,
            numbering: Numbering::default(),
            read: Vec::new(),
            last_sizes: Vec::new(),
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
        while self.read.len() < CHUNK {
            let Some(request) = self.trace.next().transpose()? else { break };
            self.read.push((request.key, request.size));
        }
        chunk.keys.reserve_exact(self.read.len());
        for at in 0..self.read.len() {
            let (key, size) = self.read[at];
            let key = self.numbering.number(key);
            let key = key.ok_or_else(|| self.trace.error(Problem::ManyKeys))?;
            chunk.push(key, size);
            self.count(key, size);
        }
        Ok(())
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

/// Tells each request when its key comes back, over all chunks of a trace. Fails if there are too many to number.
pub fn look_ahead(chunks: &mut [Chunk]) -> Result<(), TooLong> {
    let requests: usize = chunks.iter().map(|chunk| chunk.keys.len()).sum();
    let mut number = u32::try_from(requests).ok().filter(|all| *all != NEVER).ok_or(TooLong)?;
    let keys = chunks.last().map_or(0, |chunk| chunk.reach);
    let mut coming = vec![NEVER; keys];
    for chunk in chunks.iter_mut().rev() {
        chunk.next = vec![NEVER; chunk.keys.len()];
        for (key, next) in chunk.keys.iter().zip(&mut chunk.next).rev() {
            number -= 1;
            *next = std::mem::replace(&mut coming[*key as usize], number);
        }
    }
    Ok(())
}

/// A trace has too many requests to look ahead: 2^32 - 1 or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;
