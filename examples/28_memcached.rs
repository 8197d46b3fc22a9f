//! memcached as a store for many processes: the number it gives to each change of an item is the lease.
//!
//! Use it where it runs already. It counts whole seconds, so entries end up to two seconds early, and its keys are short.
//! This example starts a `memcached` of its own, if there is one.

#[path = "common/server.rs"]
mod server;

use larder::memcached::{Memcached, MemcachedOptions};
use larder::policies::S3Fifo;
use larder::prelude::*;
use larder::{ErrorKind, Lookup, Raw, Result};

/// What each process does when it starts.
async fn connect(address: &str) -> Result<Memcached> {
    MemcachedOptions::new().namespace("names").connect(address).await
}

#[tokio::main]
async fn main() -> Result<()> {
    let Some((_server, port)) = server::start("memcached", &["-u", "root", "-U", "0", "-l", "127.0.0.1"])
    else {
        println!("skipped: memcached is not installed: apt-get install memcached");
        return Ok(());
    };
    let address = format!("127.0.0.1:{port}");
    let one = connect(&address).await?.encode(Raw);
    let other = connect(&address).await?.encode(Raw);
    let key = || "user:7".to_owned();

    let Lookup::Miss(lease) = one.get(&key()).await? else { unreachable!("nothing was written yet") };
    println!("process 1 misses: a stub is left, and its number is the lease");
    other.remove(&key()).await?;
    println!("process 2 removes the key, and the stub with it");
    let filled = one.fill(key(), Entry::new(b"Ann".to_vec()), lease).await?;
    println!("process 1 comes back with what it read before: {filled:?}");
    assert!(!filled.is_stored());
    assert_eq!(other.value(&key()).await?, None);

    let long = "x".repeat(300);
    let refused = one.put(long, b"too long".to_vec()).await.map_err(|error| error.kind());
    println!("a key over 250 bytes is refused, neither cut nor hashed: {refused:?}");
    assert_eq!(refused, Err(ErrorKind::Invalid));

    let near = other.fronted_by(Memory::new(100, S3Fifo::new));
    near.put(key(), b"Anne".to_vec()).await?;
    for _ in 0..1_000 {
        assert_eq!(near.value(&key()).await?.as_deref(), Some(&b"Anne"[..]));
    }
    println!("behind a memory tier it is not asked at all: {:?}", near.stats());
    Ok(())
}
