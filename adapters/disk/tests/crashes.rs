//! A process that is killed at any moment, and a disk that is full: what the next start finds.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use larder_core::{Label, Parcel, Random, Result, Store, StoreExt};
use larder_disk::{Disk, DiskOptions};
use larder_policies::Lru;

/// What tells a process of this test that it is the one to be killed, and where it works.
const VICTIM: &str = "LARDER_DISK_VICTIM";
const KEYS: u64 = 8;
const KILLS: u64 = 40;

fn key(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

fn number(parcel: &Parcel) -> u64 {
    parcel.payload().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

async fn open(folder: &Path) -> Result<Disk<Lru>> {
    DiskOptions::new(folder, 1 << 20).open(Lru::new).await
}

/// Writes and removes without end, and says each time what it is about to do and what is done.
#[tokio::test]
async fn victim() -> Result<()> {
    let Some(folder) = std::env::var_os(VICTIM) else { return Ok(()) };
    let disk = open(Path::new(&folder)).await?;
    let random = Random::from_entropy();
    for step in 1_u64.. {
        let wanted = random.next() % KEYS;
        let value = if random.next().is_multiple_of(4) { 0 } else { step };
        println!("\nbegins {wanted} {value}");
        if value == 0 {
            disk.remove(&key(wanted)).await?;
        } else {
            let long = [value.to_be_bytes().as_slice(), &vec![7; (random.next() % 9_000) as usize]].concat();
            disk.put(key(wanted), Parcel::new(Label::default(), long)).await?;
        }
        println!("\nended {wanted} {value}");
    }
    Ok(())
}

/// What may be found of each key: what was acknowledged last, or what was begun after it. 0: nothing.
type Allowed = HashMap<u64, Vec<u64>>;

fn run_and_kill(folder: &Path, lines: u64) -> Allowed {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "victim", "--nocapture"])
        .env(VICTIM, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut allowed = Allowed::new();
    let output = BufReader::new(victim.stdout.take().unwrap());
    let mut read = 0;
    for line in output.lines() {
        let line = line.unwrap();
        let words: Vec<_> = line.split(' ').collect();
        let [what @ ("begins" | "ended"), key, value] = words[..] else { continue };
        let (key, value) = (key.parse().unwrap(), value.parse().unwrap());
        let values = allowed.entry(key).or_insert_with(|| vec![0]);
        if what == "ended" {
            values.clear();
        }
        values.push(value);
        read += 1;
        if read == lines {
            // What it still says before it dies is read on: it was acknowledged.
            victim.kill().unwrap();
        }
    }
    victim.wait().unwrap();
    allowed
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill_at_any_moment() -> Result<()> {
    let random = Random::seeded(7);
    for kill in 0..KILLS {
        let folder = tempfile::tempdir().unwrap();
        let allowed = run_and_kill(folder.path(), 2 + random.next() % 400);
        assert!(!allowed.is_empty(), "kill {kill} came before the first write");
        let disk = open(folder.path()).await?;
        for (wanted, values) in &allowed {
            let found = disk.value(&key(*wanted)).await?.as_ref().map_or(0, number);
            assert!(values.contains(&found), "kill {kill}, key {wanted}: {found} is not of {values:?}");
        }
    }
    Ok(())
}

/// What tells a process of this test that it may write only so much.
const CRAMPED: &str = "LARDER_DISK_CRAMPED";

/// On a disk of 80 MiB: fills it, and finds the store usable again, without a wrong value.
#[tokio::test]
async fn cramped() -> Result<()> {
    let Some(folder) = std::env::var_os(CRAMPED) else { return Ok(()) };
    let disk = DiskOptions::new(&folder, 1 << 40).open(Lru::new).await?;
    let mut failed = 0;
    let mut last = HashMap::new();
    for step in 1_u64..=1_500 {
        let wanted = step % 1_200; // together more than there is room for
        let long = [step.to_be_bytes().as_slice(), &vec![7; 100 << 10]].concat();
        if disk.put(key(wanted), Parcel::new(Label::default(), long)).await.is_ok() {
            last.insert(wanted, step);
        } else {
            failed += 1;
            last.clear();
        }
        for wanted in (0..3).map(|back| step.saturating_sub(back) % 1_200) {
            let found = disk.value(&key(wanted)).await?.as_ref().map(number);
            assert!(found.is_none() || found == last.get(&wanted).copied(), "key {wanted}: {found:?}");
        }
    }
    assert!(failed > 0 && !last.is_empty(), "it failed {failed} times, and wrote {} keys since", last.len());
    assert!(disk.stats().begun_anew >= failed);
    println!("\ncramped: failed {failed} times");
    Ok(())
}

#[test]
fn a_full_disk_fails_writes_and_never_serves_an_older_value() {
    let folder = tempfile::tempdir().unwrap();
    let mount = "mount -t tmpfs -o size=80m none \"$LARDER_DISK_CRAMPED\"";
    let script = format!("{mount} || exit 77; exec \"$0\" --exact cramped --nocapture");
    // A small disk of its own, that only this process and those it starts see.
    let output = Command::new("unshare")
        .args(["--mount", "--map-root-user", "sh", "-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env(CRAMPED, folder.path())
        .output();
    let Ok(output) = output else { return println!("skipped: no small disk without unshare") };
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(77) || said.contains("unshare:") {
        return println!("skipped: no small disk can be mounted here");
    }
    assert!(output.status.success() && said.contains("cramped: failed"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn overlapping_writes_and_reads_of_one_key_never_go_back() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let disk = open(folder.path()).await?;
    let writer = tokio::spawn({
        let disk = disk.clone();
        async move {
            for value in 1_u64..=300 {
                disk.put(key(1), Parcel::new(Label::default(), value.to_be_bytes())).await?;
            }
            Result::Ok(())
        }
    });
    let mut newest = 0;
    while newest < 300 {
        let found = tokio::time::timeout(Duration::from_mins(1), disk.value(&key(1))).await.unwrap()?;
        let found = found.as_ref().map_or(0, number);
        assert!(found >= newest, "{found} after {newest}");
        newest = found;
    }
    writer.await.unwrap()?;
    disk.flush().await
}
