//! Deadlines by key, for those who look at them when the key is asked for.

use crate::chunk::{Chunk, FOREVER};

/// Until when each key's entry may be used. Nothing is kept where nothing expires.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    now: u64,
    until: Vec<u64>,
}

impl Deadlines {
    /// Moves on to the request at `index` of `chunk`. Whether what its key has there may no longer be used.
    pub(crate) fn has_passed(&mut self, chunk: &Chunk, index: usize) -> bool {
        let until = self.until.get(chunk.keys[index] as usize).copied().unwrap_or(FOREVER);
        self.now = self.now.max(chunk.life(index).0);
        until <= self.now
    }

    /// The key of the request at `index` has a new entry, or one of which nothing was told.
    pub(crate) fn begin(&mut self, chunk: &Chunk, index: usize, is_new: bool) {
        let ttl = chunk.life(index).1;
        if ttl == FOREVER && self.until.is_empty() {
            return;
        }
        self.until.resize(chunk.reach.max(self.until.len()), FOREVER);
        let until = &mut self.until[chunk.keys[index] as usize];
        if is_new || *until == FOREVER {
            *until = self.now.saturating_add(ttl);
        }
    }
}
