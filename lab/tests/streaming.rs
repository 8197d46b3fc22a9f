//! A trace may be longer than the memory: what is replayed as it comes is not kept.

use std::alloc::System;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use larder_lab::chunk::Chunks;
use larder_lab::contender::Contender;
use larder_lab::replay::{Watch, from_memory, from_stream};
use larder_lab::trace;
use larder_lab::workload::{Spec, Workload};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn live() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
}

/// A text of so many requests that is nowhere at once, and looks at the memory each time somebody reads on.
struct Endless {
    left: usize,
    line: Vec<u8>,
    most: Arc<AtomicUsize>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.most.fetch_max(live(), Ordering::Relaxed);
        if self.line.is_empty() && self.left > 0 {
            let lines = self.left.min(1_000);
            let key = |at: usize| at.wrapping_mul(at) % 9_973;
            self.line =
                (self.left - lines..self.left).flat_map(|at| format!("{}\n", key(at)).into_bytes()).collect();
            self.left -= lines;
        }
        let count = buffer.len().min(self.line.len());
        buffer[..count].copy_from_slice(&self.line[..count]);
        self.line.drain(..count);
        Ok(count)
    }
}

fn specs(capacity: u64) -> Vec<Spec> {
    let policies = ["lru", "s3-fifo", "w-tinylfu", "arc"].map(|name| Contender::named(name).unwrap());
    policies.into_iter().map(|contender| Spec::objects(contender, capacity)).collect()
}

/// The most memory at any time beyond what there was before, and the misses.
fn replayed(requests: usize) -> (usize, Vec<u64>) {
    let before = live();
    let most = Arc::new(AtomicUsize::new(0));
    let input = Endless { left: requests, line: Vec::new(), most: Arc::clone(&most) };
    let mut chunks = Chunks::new(trace::read(input, "endless").unwrap());
    let replays = specs(1_000).iter().map(Spec::start).collect();
    let tallies = from_stream(replays, &mut chunks, &Watch::default()).unwrap();
    assert!(tallies.iter().all(|tally| tally.requests == requests as u64));
    (most.load(Ordering::Relaxed) - before, tallies.iter().map(|tally| tally.misses).collect())
}

/// One test, because the memory is everybody's.
#[test]
fn a_long_trace_takes_no_more_memory_than_a_short_one_and_counts_as_if_it_were_kept() {
    let (short, _) = replayed(1_000_000);
    let (long, streamed) = replayed(6_000_000);
    // Half of what 5 million requests more take: how far the reader is ahead hangs on who else works.
    assert!(long < short + (10 << 20), "{long} bytes for 6 million requests, {short} for one");
    assert!(long < 24 << 20, "{long}: as many as 6 million requests of 4 bytes are");

    let input = Endless { left: 6_000_000, line: Vec::new(), most: Arc::default() };
    let workload = Workload::read(trace::read(input, "endless").unwrap(), &Watch::default()).unwrap();
    let misses = |specs: &[Spec]| -> Vec<u64> {
        let replays = specs.iter().map(Spec::start).collect();
        let tallies = from_memory(replays, &workload.chunks, &Watch::default());
        tallies.into_iter().map(|tally| tally.unwrap().misses).collect()
    };
    assert_eq!(misses(&specs(1_000)), streamed);
    let alone: Vec<u64> = specs(1_000).iter().flat_map(|spec| misses(&[*spec])).collect();
    assert_eq!(alone, streamed, "one after the other on one core counts the same");
}
