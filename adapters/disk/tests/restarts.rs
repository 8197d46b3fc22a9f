//! What a restart finds.

use std::time::{Duration, SystemTime};

use larder_core::{Entry, Env, ErrorKind, Label, Parcel, Result, Store, StoreExt};
use larder_disk::{Disk, DiskOptions};
use larder_policies::{Fifo, Lru, Sieve};
use tempfile::TempDir;

fn parcel(text: &str) -> Parcel {
    Parcel::new(Label::default(), text)
}

fn key(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

fn options(folder: &TempDir) -> DiskOptions {
    DiskOptions::new(folder.path().join("cache"), 1 << 20)
}

async fn text<P: larder_core::EvictionPolicy>(disk: &Disk<P>, key: Vec<u8>) -> Result<Option<String>> {
    let value = disk.value(&key).await?;
    Ok(value.map(|parcel| String::from_utf8_lossy(parcel.payload()).into_owned()))
}

#[tokio::test]
async fn a_restart_finds_what_was_written_and_not_what_was_removed() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let disk = options(&folder).open(Lru::new).await?;
    disk.put(key(1), parcel("one")).await?;
    disk.put(key(2), parcel("two")).await?;
    disk.put(key(2), parcel("two, again")).await?;
    disk.put(key(3), parcel("three")).await?;
    assert!(disk.remove(&key(3)).await?);
    drop(disk);

    let disk = options(&folder).open(Lru::new).await?;
    assert_eq!(text(&disk, key(1)).await?.as_deref(), Some("one"));
    assert_eq!(text(&disk, key(2)).await?.as_deref(), Some("two, again"));
    assert_eq!(text(&disk, key(3)).await?, None);
    assert_eq!(disk.stats().index.entries, 2);
    Ok(())
}

#[tokio::test]
async fn a_cleared_store_starts_empty() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let disk = options(&folder).open(Lru::new).await?;
    disk.put(key(1), parcel("one")).await?;
    disk.clear().await?;
    disk.put(key(2), parcel("two")).await?;
    drop(disk);
    let disk = options(&folder).open(Lru::new).await?;
    assert_eq!((text(&disk, key(1)).await?, disk.stats().index.entries), (None, 1));
    Ok(())
}

#[tokio::test]
async fn what_ended_while_nobody_ran_is_a_miss_and_what_didnt_has_the_rest_of_its_life() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let (env, _) = Env::manual();
    let start = SystemTime::UNIX_EPOCH + Duration::from_hours(1_000);
    let disk = options(&folder).env(&env).wall_clock(move || start).open(Lru::new).await?;
    let minutes = Duration::from_mins;
    disk.insert(key(1), Entry::new(parcel("short")).ttl(minutes(5))).await?;
    disk.insert(key(2), Entry::new(parcel("long")).ttl(minutes(30))).await?;
    drop(disk);

    let (env, manual) = Env::manual();
    let later = start + minutes(10);
    let disk = options(&folder).env(&env).wall_clock(move || later).open(Lru::new).await?;
    assert_eq!(text(&disk, key(1)).await?, None);
    assert_eq!(text(&disk, key(2)).await?.as_deref(), Some("long"));
    manual.advance(minutes(20));
    assert_eq!(text(&disk, key(2)).await?, None);
    Ok(())
}

#[tokio::test]
async fn entries_from_the_future_are_left_out() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let start = SystemTime::UNIX_EPOCH + Duration::from_hours(1_000);
    let disk = options(&folder).wall_clock(move || start).open(Lru::new).await?;
    disk.insert(key(1), Entry::new(parcel("one")).ttl(Duration::from_hours(1))).await?;
    drop(disk);
    let earlier = start - Duration::from_secs(1);
    let disk = options(&folder).wall_clock(move || earlier).open(Lru::new).await?;
    assert_eq!(text(&disk, key(1)).await?, None);
    Ok(())
}

#[tokio::test]
async fn the_bound_in_bytes_holds_and_a_restart_keeps_it() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let options = || DiskOptions::new(folder.path().join("cache"), 100 << 10);
    let kilobyte = "x".repeat(1 << 10);
    let disk = options().open(Fifo::new).await?;
    for number in 0..500 {
        disk.put(key(number), parcel(&kilobyte)).await?;
    }
    let kept = disk.stats().index;
    assert!(kept.weight <= 100 << 10 && kept.entries > 80, "{kept:?}");
    assert!(disk.contains(&key(499)).await? && !disk.contains(&key(1)).await?);
    drop(disk);
    let disk = options().open(Fifo::new).await?;
    assert_eq!(disk.stats().index.entries, kept.entries);
    disk.put(key(500), parcel(&kilobyte)).await?;
    let oldest = 500 - kept.entries;
    assert!(!disk.contains(&key(oldest)).await?, "first in, first out, over the restart");
    assert!(disk.contains(&key(oldest + 1)).await?);
    Ok(())
}

#[tokio::test]
async fn a_value_over_the_capacity_is_refused_and_the_older_one_is_gone() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let options = || DiskOptions::new(folder.path().join("cache"), 1 << 10);
    let disk = options().open(Sieve::new).await?;
    disk.put(key(1), parcel("small")).await?;
    disk.put(key(1), parcel(&"x".repeat(2 << 10))).await?;
    assert_eq!(text(&disk, key(1)).await?, None);
    drop(disk);
    let disk = options().open(Sieve::new).await?;
    assert_eq!(text(&disk, key(1)).await?, None);
    Ok(())
}

#[tokio::test]
async fn after_a_loss_of_power_only_a_closed_store_is_believed() -> Result<()> {
    for closed in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let disk = options(&folder).open(Lru::new).await?;
        disk.put(key(1), parcel("one")).await?;
        if closed {
            disk.close().await?;
            assert_eq!(disk.put(key(2), parcel("two")).await.unwrap_err().kind(), ErrorKind::Closed);
        } else {
            // As if the machine had been started again since.
            std::fs::write(folder.path().join("cache/trust"), "another start").unwrap();
        }
        drop(disk);
        let disk = options(&folder).open(Lru::new).await?;
        assert_eq!(text(&disk, key(1)).await?.is_some(), closed);
    }
    Ok(())
}

#[tokio::test]
async fn a_second_store_in_the_folder_is_refused() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let disk = options(&folder).open(Lru::new).await?;
    let refused = options(&folder).open(Lru::new).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    disk.put(key(1), parcel("one")).await
}

#[tokio::test]
async fn a_folder_that_cant_be_made_is_a_clear_error() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let refused = DiskOptions::new(file.path().join("cache"), 1 << 20).open(Lru::new).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn rows_of_rubbish_are_begun_anew() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let disk = options(&folder).open(Lru::new).await?;
    disk.put(key(1), parcel("one")).await?;
    disk.close().await?;
    drop(disk);
    damage(&folder.path().join("cache/rows"));
    let disk = options(&folder).open(Lru::new).await?;
    let found = text(&disk, key(1)).await?;
    assert!(found.is_none_or(|found| found == "one"));
    disk.put(key(2), parcel("two")).await?;
    assert_eq!(text(&disk, key(2)).await?.as_deref(), Some("two"));
    Ok(())
}

/// Overwrites the middle of every file.
fn damage(folder: &std::path::Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            damage(&path);
        } else {
            let mut bytes = std::fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes.iter_mut().skip(middle).take(64).for_each(|byte| *byte ^= 0x5a);
            std::fs::write(&path, bytes).unwrap();
        }
    }
}
