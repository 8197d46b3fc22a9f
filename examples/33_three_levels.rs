//! Three levels: memory, Redis and a disk, each with its own life; and for each answer where it came from and how old it is.
//!
//! Use it when loading is dear: memory answers what is hot, Redis what another machine has loaded, the disk what both have
//! let go. A hit far away is copied to the nearer levels, and never lives longer there than where it came from. This
//! example starts a `redis-server` of its own; where there is none, a second folder stands in for it.

#[path = "common/server.rs"]
mod server;

use std::time::Duration;

use larder::disk::DiskOptions;
use larder::patterns::{Answer, LevelStats};
use larder::policies::{S3Fifo, WTinyLfu};
use larder::prelude::*;
use larder::redis::{Redis, RedisOptions};
use larder::{DynStore, Lifetimes, Raw};

type Failure = Box<dyn std::error::Error>;

const NAMES: [&str; 3] = ["memory", "the second level", "disk"];

fn lives(duration: Duration) -> Lifetimes {
    Lifetimes { usable: Some(duration), ..Lifetimes::default() }
}

async fn disk(folder: &std::path::Path, life: Duration) -> larder::Result<DynStore<String, Vec<u8>>> {
    let disk = DiskOptions::new(folder, 16 << 20).ttl(life).open(S3Fifo::new).await?;
    Ok(disk.encode(Raw).keyed(|key: &String| key.clone().into_bytes()).into_dyn())
}

fn tell(key: &str, answer: Option<&Answer<Vec<u8>>>) {
    let Some(answer) = answer else { return println!("{key}: nowhere") };
    let freshness = if answer.is_fresh() { "fresh" } else { "stale" };
    println!(
        "{key}: {:?}, {freshness}, {:?} old, {:?} left there",
        answer.source(),
        answer.age(),
        answer.left()
    );
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let server = server::start("redis-server", &["--bind", "127.0.0.1", "--save", ""]);
    let second = match &server {
        Some((_, port)) => {
            let options = RedisOptions::new().lifetimes(lives(Duration::from_hours(1)));
            let redis: Redis = options.connect(&format!("redis://127.0.0.1:{port}")).await?;
            redis.encode(Raw).into_dyn()
        }
        None => disk(&folder.path().join("second"), Duration::from_hours(1)).await?,
    };
    println!("the second level is {}", if server.is_some() { "Redis" } else { "a folder: no redis-server" });

    let env = Env::tokio();
    let memory = MemoryOptions::new(2).ttl(Duration::from_mins(5)).env(&env).build(WTinyLfu::new);
    let pages = disk(&folder.path().join("third"), Duration::from_hours(24))
        .await?
        .fronted_by(second) //   an hour
        .fronted_by(memory) //   five minutes, two pages
        .read_through(|path: String| async move { Ok(Some(path.repeat(100).into_bytes())) });
    let ask = async |path: &str| pages.get_with_source(&path.to_owned(), env.clock()).await;

    for path in ["/", "/", "/news"] {
        tell(path, ask(path).await?.as_ref());
    }
    println!("another process starts: its memory is empty");
    pages.inner().near().clear();
    tell("/", ask("/").await?.as_ref());
    println!("the second level is lost: the disk fills it again, and memory");
    pages.inner().near().clear();
    pages.inner().far().near().clear().await?;
    for path in ["/", "/"] {
        tell(path, ask(path).await?.as_ref());
    }

    let tiers = pages.inner();
    let levels = LevelStats::of([tiers.stats(), tiers.far().stats()]);
    for (name, level) in NAMES.iter().zip(&levels) {
        println!("{name}: asked {}, had {}, took {} copies", level.asked, level.hits, level.promotions);
    }
    assert_eq!(levels.iter().map(|level| level.hits).collect::<Vec<_>>(), [2, 1, 1]);
    assert_eq!(pages.stats().ok, 2);
    pages.close().await?;
    Ok(())
}
