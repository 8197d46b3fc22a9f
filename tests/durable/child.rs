//! The process that is killed: it writes without end, and says what it tries and what was acknowledged.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use larder::{Entry, Random, Result, Store};

use crate::queue::{self, KEYS, Keeping, Queue};

pub(crate) const FOLDER: &str = "LARDER_CHILD_FOLDER";
pub(crate) const FIRST: &str = "LARDER_CHILD_FIRST";
pub(crate) const SEED: &str = "LARDER_CHILD_SEED";
pub(crate) const KEEPING: &str = "LARDER_CHILD_KEEPING";

/// The other tests start it, and kill it; run by itself it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    say(""); // ends the line that the test harness began
    let keeping = Keeping::named(&std::env::var(KEEPING).unwrap_or_default());
    let (queue, _) = queue::open(&folder, keeping).await.expect("it recovers");
    let (queue, numbers) = (Arc::new(queue), Arc::new(AtomicU64::new(setting(FIRST))));
    let writers: Vec<_> = (0..KEYS)
        .map(|key| tokio::spawn(write(Arc::clone(&queue), Arc::clone(&numbers), key, setting(SEED) ^ key)))
        .collect();
    for writer in writers {
        writer.await.expect("no panic").expect("no failure");
    }
}

/// Writes one key again and again, with rising numbers.
async fn write(queue: Arc<Queue>, numbers: Arc<AtomicU64>, key: u64, seed: u64) -> Result<()> {
    let random = Random::seeded(seed);
    loop {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        if random.next().is_multiple_of(4) {
            say(&format!("t {number} {key} d"));
            queue.remove(&key).await?;
        } else {
            say(&format!("t {number} {key} p"));
            queue.insert(key, Entry::new(number)).await?;
        }
        say(&format!("a {number}"));
        if random.next().is_multiple_of(8) {
            queue.get(&key).await?;
            tokio::task::yield_now().await;
        }
    }
}

/// One line, whole, and at once.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("somebody listens");
}

fn setting(name: &str) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or_default()
}
