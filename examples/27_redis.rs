//! Redis as a store for many processes: two of them race for one key, and the server itself refuses the stale value.
//!
//! Use one shared store when several machines cache the same things. It costs a round trip a hit (put a memory tier
//! before it), and a server to run. This example starts a `redis-server` of its own, if there is one.

#[path = "common/server.rs"]
mod server;

use std::time::Duration;

use larder::prelude::*;
use larder::redis::{Redis, RedisOptions};
use larder::{Lookup, Raw, Result};

type Names = larder::Encoded<Redis, Raw>;

/// What each process does when it starts.
async fn connect(url: &str) -> Result<Names> {
    let redis: Redis = RedisOptions::new().namespace("names").connect(url).await?;
    Ok(redis.encode(Raw))
}

#[tokio::main]
async fn main() -> Result<()> {
    let Some((_server, port)) = server::start("redis-server", &["--bind", "127.0.0.1", "--save", ""]) else {
        println!("skipped: redis-server is not installed: apt-get install redis-server");
        return Ok(());
    };
    let url = format!("redis://127.0.0.1:{port}");
    let (one, other) = (connect(&url).await?, connect(&url).await?);
    let key = || "user:7".to_owned();

    let Lookup::Miss(lease) = one.get(&key()).await? else { unreachable!("nothing was written yet") };
    println!("process 1 misses, and goes to the database with a lease: it reads \"Ann\"");
    other.put(key(), b"Anne".to_vec()).await?;
    println!("process 2 writes \"Anne\" meanwhile");
    let filled = one.fill(key(), Entry::new(b"Ann".to_vec()), lease).await?;
    println!("process 1 comes back with what it read: {filled:?}");
    assert!(!filled.is_stored());
    assert_eq!(one.value(&key()).await?.as_deref(), Some(&b"Anne"[..]));

    let soon = Entry::new(b"Bob".to_vec()).ttl(Duration::from_millis(1_500));
    one.insert("user:8".to_owned(), soon).await?;
    let found = other.get(&"user:8".to_owned()).await?.hit();
    println!("process 2 sees what process 1 wrote, and how long it lives: {found:?}");
    assert!(found.is_some());

    let many: Vec<_> = (0..1_000).map(|n| (format!("n{n}"), Entry::new(vec![0; 10]))).collect();
    let keys: Vec<_> = many.iter().map(|(key, _)| key.clone()).collect();
    one.insert_many(many).await?;
    let hits = other.get_many(&keys).await?.into_iter().filter(Lookup::is_hit).count();
    println!("a batch of {} goes out in chunks: {hits} hits", keys.len());
    assert_eq!(hits, 1_000);

    other.clear().await?;
    assert_eq!(one.value(&key()).await?, None);
    println!("clear ends the namespace's epoch for both, in one command");
    Ok(())
}
