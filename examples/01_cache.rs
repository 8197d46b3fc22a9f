//! A cache in ten lines: room for so many, a life for each, one load for all who miss together.
//!
//! Use it when all you want is a cache in the process. It costs the memory of its entries, and an answer may be as old as
//! its TTL.

use std::time::Duration;

use larder::prelude::*;

#[tokio::main(flavor = "current_thread")]
async fn main() -> larder::Result<()> {
    let users = Cache::builder().capacity(10_000).ttl(Duration::from_mins(1)).build()?;

    users.insert(1, "Ada".to_owned());
    assert_eq!(users.get(&1).as_deref(), Some("Ada"));

    let grace = users.get_or_load(&2, || async { Ok("Grace".to_owned()) }).await?;
    assert_eq!(grace, "Grace");
    println!("user 1 was inserted, user 2 was loaded: {grace}");

    let again = users.get_or_load(&2, || async { unreachable!("a hit loads nothing") }).await?;
    assert_eq!(again, grace);
    println!("asked again, user 2 comes from memory: {again}");

    let stats = users.stats();
    assert_eq!((stats.hits, stats.misses, stats.loads_ok), (2, 1, 1));
    println!(
        "{} hits, {} miss, {} load: hit rate {:.2}",
        stats.hits,
        stats.misses,
        stats.loads_ok,
        stats.hit_rate()
    );
    Ok(())
}
