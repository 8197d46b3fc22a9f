//! How many other keys were asked for since a key was last asked for: the distance in an LRU stack.

/// No place.
const NONE: u32 = u32::MAX;

/// An LRU stack over numbered keys (R. L. Mattson, J. Gecsei, D. R. Slutz, I. L. Traiger, "Evaluation techniques for
/// storage hierarchies", IBM Systems Journal, 1970): an LRU cache of any capacity has what lies on top.
///
/// A request costs O(log n) amortised: the stack is a row of places in the order of use, counted by a Fenwick tree.
///
/// ```
/// let mut stack = larder_lab::stack::Stack::default();
/// let distances = [7, 8, 9, 8, 7, 7].map(|key| stack.touch(key));
/// assert_eq!(distances, [None, None, None, Some(1), Some(2), Some(0)]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Stack {
    /// The place of each key.
    places: Vec<u32>,
    /// Who has each place; the places from `owners.len()` on were not given yet.
    owners: Vec<u32>,
    tree: Vec<u32>,
    live: usize,
}

impl Stack {
    /// Puts `key` on top. How many keys lay above it; `None` if it is new.
    pub fn touch(&mut self, key: u32) -> Option<u64> {
        if self.places.len() <= key as usize {
            self.places.resize(key as usize + 1, NONE);
        }
        if self.owners.len() == self.tree.len() {
            self.renumber();
        }
        let distance = self.remove(key);
        self.places[key as usize] = self.owners.len() as u32;
        self.add(self.owners.len(), 1);
        self.owners.push(key);
        self.live += 1;
        distance
    }

    /// Takes `key` out of the stack. How many keys lay above it.
    pub fn remove(&mut self, key: u32) -> Option<u64> {
        let place = self.places.get_mut(key as usize).filter(|place| **place != NONE)?;
        let at = std::mem::replace(place, NONE) as usize;
        let above = self.live as u64 - self.up_to(at);
        self.add(at, u32::MAX);
        self.owners[at] = NONE;
        self.live -= 1;
        Some(above)
    }

    /// Moves all keys together, and makes room for as many more again.
    fn renumber(&mut self) {
        self.owners.retain(|owner| *owner != NONE);
        for (place, owner) in self.owners.iter().enumerate() {
            self.places[*owner as usize] = place as u32;
        }
        self.tree = vec![0; (self.live * 2).max(1024)];
        for at in 0..self.tree.len() {
            self.tree[at] = self.tree[at].wrapping_add(u32::from(at < self.live));
            let parent = at | (at + 1);
            if parent < self.tree.len() {
                self.tree[parent] = self.tree[parent].wrapping_add(self.tree[at]);
            }
        }
    }

    /// Adds to the count of one place; `u32::MAX` takes one away.
    fn add(&mut self, mut at: usize, count: u32) {
        while let Some(node) = self.tree.get_mut(at) {
            *node = node.wrapping_add(count);
            at |= at + 1;
        }
    }

    /// How many keys lie at this place or below.
    fn up_to(&self, at: usize) -> u64 {
        let mut end = at + 1;
        let mut sum = 0;
        while end > 0 {
            sum += u64::from(self.tree[end - 1]);
            end &= end - 1;
        }
        sum
    }
}

/// How many requests had which distance.
#[derive(Clone, Debug, Default)]
pub struct Distances {
    /// By the number of keys above.
    counts: Vec<u64>,
    requests: u64,
}

impl Distances {
    /// Of these requests, by their keys' numbers.
    pub fn of(keys: impl IntoIterator<Item = u32>) -> Self {
        let (mut stack, mut distances) = (Stack::default(), Self::default());
        for key in keys {
            distances.requests += 1;
            let Some(distance) = stack.touch(key) else { continue };
            let at = distance as usize;
            if distances.counts.len() <= at {
                distances.counts.resize(at + 1, 0);
            }
            distances.counts[at] += 1;
        }
        distances
    }

    /// What an LRU cache of so many objects misses.
    pub fn misses(&self, capacity: u64) -> u64 {
        let within = usize::try_from(capacity).unwrap_or(usize::MAX).min(self.counts.len());
        self.requests - self.counts[..within].iter().sum::<u64>()
    }

    /// How many requests there were.
    pub const fn requests(&self) -> u64 {
        self.requests
    }

    /// How many requests have each distance, from 0 on.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }
}
