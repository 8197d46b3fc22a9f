//! Keys and values of all sizes, and folders that are not a store's, or not of this version.

use std::fs;

use larder_core::{ErrorKind, Label, Parcel, Result, Store, StoreExt};
use larder_disk::{Disk, DiskOptions};
use larder_policies::Lru;
use tempfile::TempDir;

fn parcel(bytes: impl Into<Vec<u8>>) -> Parcel {
    Parcel::new(Label::default(), bytes.into())
}

async fn open(folder: &TempDir) -> Result<Disk<Lru>> {
    DiskOptions::new(folder.path().join("cache"), 4 << 20).open(Lru::new).await
}

#[tokio::test]
async fn keys_of_any_bytes_are_kept_apart_over_a_restart() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let long = vec![0xff; 65_534];
    let keys: Vec<_> = [&b""[..], b"k", b"kk", b" ", b"\n", b"\0", b"\0\0", b"../up", &long, &long[1..]]
        .map(<[u8]>::to_vec)
        .to_vec();
    let disk = open(&folder).await?;
    for (n, key) in keys.iter().enumerate() {
        disk.put(key.clone(), parcel([n as u8])).await?;
    }
    drop(disk);
    let disk = open(&folder).await?;
    for (n, key) in keys.iter().enumerate() {
        assert_eq!(disk.value(key).await?, Some(parcel([n as u8])), "key {n}");
    }
    assert_eq!(disk.remove_many(&keys).await?, keys.len());
    Ok(())
}

#[tokio::test]
async fn a_key_that_is_too_long_is_refused_and_never_cut() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let disk = open(&folder).await?;
    let long = vec![7; 64 << 10];
    let refused = disk.put(long.clone(), parcel("long")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    let lease = disk.lease(&long).await?;
    let refused = disk.fill(long.clone(), parcel("long").into(), lease).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert_eq!((disk.value(&long).await?, disk.remove(&long).await?), (None, false));
    assert_eq!(disk.value(&vec![7; 65_534]).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_value_of_no_bytes_is_a_value() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let disk = open(&folder).await?;
    disk.put(b"empty".to_vec(), parcel("")).await?;
    assert_eq!(disk.value(&b"empty".to_vec()).await?, Some(parcel("")));
    Ok(())
}

/// Version 1 named rows by the bare key and began its file with no version.
#[tokio::test]
async fn a_folder_of_another_version_starts_empty() -> Result<()> {
    for version in ["closed", "larder-disk 3 closed", ""] {
        let folder = tempfile::tempdir().unwrap();
        let disk = open(&folder).await?;
        disk.put(b"key".to_vec(), parcel("value")).await?;
        disk.close().await?;
        drop(disk);
        let trust = folder.path().join("cache/trust");
        assert_eq!(fs::read_to_string(&trust).unwrap(), "larder-disk 2 closed");
        fs::write(trust, version).unwrap();
        let disk = open(&folder).await?;
        assert_eq!(disk.value(&b"key".to_vec()).await?, None, "{version:?}");
        disk.put(b"key".to_vec(), parcel("new")).await?;
        assert_eq!(disk.value(&b"key".to_vec()).await?, Some(parcel("new")));
    }
    Ok(())
}

#[tokio::test]
async fn what_another_program_has_in_the_folder_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let rows = folder.path().join("cache/rows");
    fs::create_dir_all(&rows).unwrap();
    fs::write(rows.join("ledger"), "theirs").unwrap();
    assert_eq!(open(&folder).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(fs::read_to_string(rows.join("ledger")).unwrap(), "theirs");

    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("cache")).unwrap();
    fs::write(folder.path().join("cache/rows"), "a file").unwrap();
    assert_eq!(open(&folder).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(fs::read_to_string(folder.path().join("cache/rows")).unwrap(), "a file");
}

#[tokio::test]
async fn rows_that_the_engine_cant_read_are_begun_anew_in_a_folder_of_ours() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let disk = open(&folder).await?;
    disk.put(b"key".to_vec(), parcel("value")).await?;
    disk.close().await?;
    drop(disk);
    let rows = folder.path().join("cache/rows");
    fs::remove_dir_all(&rows).unwrap();
    fs::create_dir_all(&rows).unwrap();
    fs::write(rows.join("version"), "SQLite format 3").unwrap();
    let disk = open(&folder).await?;
    assert_eq!(disk.value(&b"key".to_vec()).await?, None);
    disk.put(b"key".to_vec(), parcel("new")).await
}
