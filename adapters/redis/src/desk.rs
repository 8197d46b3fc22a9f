//! Questions and answers of the contract, for keys of one lane; counted.

use std::sync::atomic::{AtomicU64, Ordering};

use larder_core::{Entry, Filled, Lease, Life, Lookup, Parcel, Result, Stats};

use crate::server::{Found, Server, Write};

/// Where operations are done and counted.
pub(crate) struct Desk {
    pub(crate) server: Server,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
    inserts: AtomicU64,
    void_fills: AtomicU64,
    removed: AtomicU64,
    unreadable: AtomicU64,
}

/// A value under a lease, and the life it gets.
pub(crate) struct Fill {
    pub(crate) write: Write,
    pub(crate) life: Life,
    pub(crate) stamp: [u64; 2],
}

impl Desk {
    pub(crate) fn new(server: Server) -> Self {
        Self { server, counts: Counts::default() }
    }

    pub(crate) fn stats(&self) -> Stats {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let mut stats = Stats::default();
        stats.hits = read(&self.counts.hits);
        stats.misses = read(&self.counts.misses);
        stats.inserts = read(&self.counts.inserts);
        stats.void_fills = read(&self.counts.void_fills);
        stats.removed = read(&self.counts.removed);
        stats
    }

    pub(crate) fn unreadable(&self) -> u64 {
        self.counts.unreadable.load(Ordering::Relaxed)
    }

    /// What there is for each key, and a lease for each that has nothing usable.
    pub(crate) async fn look_up<K>(&self, lane: usize, keys: &[K]) -> Result<Vec<Lookup<Parcel>>>
    where
        K: AsRef<[u8]> + Sync,
    {
        let found = self.server.read(lane, keys).await?;
        let now = self.server.clock.now();
        let (mut answers, mut open) = (Vec::with_capacity(keys.len()), Vec::new());
        for found in found {
            let answer = self.answer(found, now);
            if answer.is_none() {
                open.push(answers.len());
            }
            answers.push(answer.unwrap_or_else(|| Lookup::Miss(Lease::void())));
        }
        if !open.is_empty() {
            let missing: Vec<_> = open.iter().map(|at| keys[*at].as_ref()).collect();
            let leases = self.lease(lane, &missing).await?;
            open.into_iter().zip(leases).for_each(|(at, lease)| answers[at] = Lookup::Miss(lease));
        }
        let hits = answers.iter().filter(|answer| answer.is_hit()).count();
        add(&self.counts.hits, hits);
        add(&self.counts.misses, answers.len() - hits);
        Ok(answers)
    }

    /// The answer that needs no lease of its own.
    #[inline]
    fn answer(&self, found: Found, now: larder_core::Time) -> Option<Lookup<Parcel>> {
        match found {
            Found::Value(parcel, life) if life.is_usable(now) => {
                Some(Lookup::Hit(Entry::with_life(parcel, life)))
            }
            Found::Lease(lease) => Some(Lookup::Miss(lease)),
            Found::Unreadable => {
                add(&self.counts.unreadable, 1);
                None
            }
            Found::Value(..) | Found::Nothing => None,
        }
    }

    pub(crate) async fn lease<K>(&self, lane: usize, keys: &[K]) -> Result<Vec<Lease>>
    where
        K: AsRef<[u8]> + Sync,
    {
        let (leases, strange) = self.server.lease(lane, keys).await?;
        add(&self.counts.unreadable, strange);
        Ok(leases)
    }

    pub(crate) async fn fill(&self, lane: usize, fills: Vec<Fill>) -> Result<Vec<Filled>> {
        let lives: Vec<_> = fills.iter().map(|fill| fill.life).collect();
        let (stamps, writes): (Vec<_>, Vec<_>) =
            fills.into_iter().map(|fill| (fill.stamp, fill.write)).unzip();
        let filled = self.server.fill(lane, &writes, &stamps).await?;
        let good = filled.iter().filter(|filled| **filled).count();
        add(&self.counts.inserts, good);
        add(&self.counts.void_fills, filled.len() - good);
        let told = filled.into_iter().zip(lives);
        Ok(told.map(|(good, life)| if good { Filled::Stored(life) } else { Filled::Void }).collect())
    }

    pub(crate) async fn insert(&self, lane: usize, writes: &[Write]) -> Result<Vec<()>> {
        self.server.insert(lane, writes).await?;
        add(&self.counts.inserts, writes.len());
        Ok(vec![(); writes.len()])
    }

    /// For each key whether it had a usable value.
    pub(crate) async fn remove(&self, lane: usize, keys: &[Vec<u8>]) -> Result<Vec<bool>> {
        let removed = self.server.remove(lane, keys).await?;
        add(&self.counts.removed, removed.iter().filter(|removed| **removed).count());
        Ok(removed)
    }
}

fn add(count: &AtomicU64, more: usize) {
    count.fetch_add(more as u64, Ordering::Relaxed);
}
