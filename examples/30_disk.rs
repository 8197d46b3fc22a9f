//! A store on disk behind memory: a cache larger than memory, and warm when the program starts again.
//!
//! Use it when loading is dear and the values are many: pages, thumbnails, answers of a model. A hit in memory costs what
//! it costs without a disk; one on disk a read and a change of threads. Values are made small before they are written.
//! What was acknowledged survives a kill at any moment; after a loss of power the store starts empty, unless it was closed.

use larder::compress::Zstd;
use larder::disk::DiskOptions;
use larder::policies::{Lru, S3Fifo};
use larder::prelude::*;
use larder::serde::Json;
use larder::{DynStore, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

type Pages = DynStore<String, String>;

/// A near tier of 2 pages, a far one of 16 MiB in `folder`, and the origin behind both.
async fn open(folder: &std::path::Path, loads: Arc<AtomicUsize>) -> Result<Pages> {
    let disk = DiskOptions::new(folder, 16 << 20).open(S3Fifo::new).await?;
    let pages = disk
        .encode(Zstd::level(3)) // made small before it is written
        .encode(Json::<String>::new())
        .keyed(|path: &String| path.clone().into_bytes())
        .fronted_by(Memory::new(2, Lru::new)) // near copies; a hit stops here
        .read_through(move |path: String| {
            loads.fetch_add(1, Ordering::Relaxed);
            std::future::ready(Ok(Some(format!("<h1>{path}</h1>").repeat(500))))
        });
    Ok(pages.into_dyn())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("larder-disk-{}", std::process::id()));
    let loads = Arc::new(AtomicUsize::new(0));
    let loaded = || loads.load(Ordering::Relaxed);

    let pages = open(&folder, Arc::clone(&loads)).await?;
    for path in ["/", "/news", "/about"] {
        let page = pages.value(&path.to_owned()).await?;
        assert!(page.is_some_and(|page| page.contains(path)));
    }
    assert_eq!(loaded(), 3);
    println!("three pages were loaded; two of them are in memory, all are on disk");

    pages.value(&"/".to_owned()).await?;
    assert_eq!(loaded(), 3);
    println!("the one that memory let go of comes from disk: still 3 loads");
    drop(pages);

    let pages = open(&folder, Arc::clone(&loads)).await?;
    assert!(pages.contains(&"/news".to_owned()).await?);
    assert_eq!(loaded(), 3);
    println!("after a restart nothing is in memory, and the disk has all: still 3 loads");

    pages.close().await?;
    drop(pages);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
