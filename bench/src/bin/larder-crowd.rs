//! What many threads at a time cost a policy in hits: the memory engine under eight of them, beside the lab's exact count.
//!
//! ```text
//! cargo run --release -p larder-bench --bin larder-crowd -- TRACE...
//! ```
//!
//! Each thread takes the next request of the trace, and has what is missing made by one call a key: who waits for another's
//! call has hit. (With a look-up and an insert, two threads that take two requests for one key, one after the other, would
//! both miss, whatever the policy: of web12's requests three in a hundred ask for what the one before has just missed.) The
//! engine has as many shards as it chooses; alone it has one, and one thread: then it must count what the lab counts.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use larder::lab::contender::Contender;
use larder::lab::replay::Watch;
use larder::lab::trace;
use larder::lab::workload::{Spec, Workload};
use larder::policies::{POLICIES, Policy};
use larder::{Memory, MemoryOptions};

const THREADS: usize = 8;

fn main() -> ExitCode {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    if paths.is_empty() {
        eprintln!("usage: larder-crowd TRACE...");
        return ExitCode::from(2);
    }
    for path in &paths {
        if let Err(error) = compare(path) {
            eprintln!("larder-crowd: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn compare(path: &str) -> Result<(), trace::Error> {
    let workload = Workload::read(trace::open(path)?, &Watch::default())?;
    let keys: Vec<u32> = workload.keys().collect();
    for capacity in [workload.totals.unique / 100, workload.totals.unique / 10] {
        println!("\n{path}, room for {capacity}: hits in percent");
        println!("  {:<20} {:>8} {:>8} {:>10} {:>7}", "", "exact", "alone", "8 threads", "points");
        for policy in POLICIES {
            row(&workload, &keys, capacity, policy);
        }
    }
    Ok(())
}

fn row(workload: &Workload, keys: &[u32], capacity: u64, policy: &'static Policy) {
    let spec = Spec::objects(Contender::Online(policy), capacity);
    let tallies = workload.replay(&[spec], &Watch::default());
    let exact: u64 = tallies.iter().flatten().map(|tally| tally.requests - tally.misses).sum();
    let alone = hits(keys, 1, &MemoryOptions::new(capacity).shards(1).build(policy.make));
    let crowded = hits(keys, THREADS, &MemoryOptions::new(capacity).build(policy.make));
    let percent = |hits: u64| 100.0 * hits as f64 / keys.len() as f64;
    println!(
        "  {:<20} {:>8.2} {:>8.2} {:>10.2} {:>+7.2}",
        policy.title,
        percent(exact),
        percent(alone),
        percent(crowded),
        percent(crowded) - percent(exact)
    );
}

/// How many of the requests are hits where so many threads take them in turn.
fn hits(keys: &[u32], threads: usize, memory: &Memory<u32, (), Box<dyn larder::EvictionPolicy>>) -> u64 {
    let (next, hits) = (AtomicUsize::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut own = 0;
                while let Some(key) = keys.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut was_there = true;
                    memory.get_or_insert_with(*key, || was_there = false);
                    own += u64::from(was_there);
                }
                hits.fetch_add(own, Ordering::Relaxed);
            });
        }
    });
    hits.into_inner()
}
