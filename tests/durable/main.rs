//! Durable write-behind, proved on real processes: each is killed (`SIGKILL`) at a random point, and what it had
//! acknowledged must be at the origin after recovery, with nothing older over it.
//!
//! `LARDER_KILLS=5000 cargo test --test durable` kills more often than usual; `LARDER_SEED` begins elsewhere.

mod child;
mod history;
mod queue;

use std::path::Path;
use std::process::{Child, Command, Stdio};

use history::History;
use larder::{Random, Result};
use queue::{KEYS, Keeping};
use tempfile::TempDir;

/// Kills processes on one folder, one after the other. Between them somebody recovers: the next process, or this one,
/// which then looks at the origin. The first thing that is wrong there.
fn kill_often(kills: u64, seed: u64, keeping: Keeping) -> Option<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let folder = TempDir::new().expect("a folder");
    let random = Random::seeded(seed);
    let mut history = History::new();
    runtime.block_on(queue::create(folder.path())).expect("an origin");
    for kill in 1..=kills {
        let mut child = start(folder.path(), history.next(), random.next(), keeping);
        history.listen(&mut child, random.next() % 30, random.next() % 200);
        if kill == kills || random.next().is_multiple_of(3) {
            let origin = runtime.block_on(recovered(folder.path())).expect("it recovers");
            if let Some(breach) = history.breach(&origin) {
                return Some(format!("after kill {kill} of seed {seed}: {breach}"));
            }
        }
    }
    assert!(history.acknowledged() > kills, "only {} writes were acknowledged", history.acknowledged());
    None
}

/// This very program, in the part of the child.
fn start(folder: &Path, first: u64, seed: u64, keeping: Keeping) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "child::a_process_that_is_killed", "--nocapture", "--test-threads=1"]);
    command.env(child::FOLDER, folder).env(child::FIRST, first.to_string());
    command.env(child::SEED, seed.to_string()).env(child::KEEPING, keeping.name());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a process")
}

/// Opens the journal again, writes what it has, and answers what the origin has then.
async fn recovered(folder: &Path) -> Result<Vec<Option<u64>>> {
    let (queue, origin) = queue::open(folder, Keeping::All).await?;
    queue::drain(queue).await?;
    queue::values(&origin).await
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

#[test]
fn what_is_acknowledged_survives_being_killed_at_any_point() {
    let (kills, seed) = (setting("LARDER_KILLS", 300), setting("LARDER_SEED", 0));
    let halves = std::thread::scope(|scope| {
        let half = |seed| scope.spawn(move || kill_often(kills / 2, seed, Keeping::All));
        [half(2 * seed), half(2 * seed + 1)].map(|half| half.join().expect("it ends"))
    });
    assert_eq!(halves, [None, None]);
}

#[test]
fn the_proof_sees_a_journal_that_acknowledges_too_early() {
    let breach = kill_often(100, 7, Keeping::Some).expect("lost writes go unnoticed");
    assert!(breach.contains("is acknowledged"), "{breach}");
}

#[test]
fn the_judge_knows_wrong_from_right() {
    let mut history = History::new();
    for line in ["t 1 0 p", "a 1", "t 2 0 d", "a 2", "t 3 0 p", "t 4 1 p", "a 4"] {
        history.note(line);
    }
    let origin = |zero, one| {
        let mut origin = vec![None; KEYS as usize];
        (origin[0], origin[1]) = (zero, one);
        origin
    };
    assert_eq!(history.breach(&origin(None, Some(4))), None);
    assert_eq!(history.breach(&origin(Some(3), Some(4))), None);
    assert!(history.breach(&origin(Some(1), Some(4))).is_some(), "an older value");
    assert!(history.breach(&origin(None, None)).is_some(), "a lost value");
    assert!(history.breach(&origin(None, Some(5))).is_some(), "a value from nowhere");
}
