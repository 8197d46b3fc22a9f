//! Negative caching: "there is no such thing" is remembered, too.
//!
//! Use it where many ask for what isn't there: broken links, names typed wrong, scans through numbers. It costs a little
//! memory a key, and news that come up to a TTL late when something is made behind the cache's back; an insert through it
//! ends the negative entry. Errors are no news of absence, and are not remembered.

use std::time::Duration;

use larder::patterns::Freshness;
use larder::policies::Lru;
use larder::prelude::*;
use larder::testkit::{CountingLoader, MapOrigin};

const SECOND: Duration = Duration::from_secs(1);

fn main() -> larder::Result<()> {
    let (env, manual) = Env::manual();
    let database = MapOrigin::<u64, &str>::new();
    let reads = CountingLoader::new(database.clone());
    let memory = || MemoryOptions::new(100).env(&env).build(Lru::new);

    let plain = memory().read_through_in(reads.clone(), &env);
    for _ in 0..1_000 {
        assert_eq!(manual.block_on(plain.value(&404))?, None);
    }
    println!("1,000 reads of a page that isn't there:");
    println!("  without negative caching  {:>5} loads", reads.counts().calls());
    assert_eq!(reads.counts().calls(), 1_000);

    let pages = memory().keep_fresh(reads.clone(), Freshness::new().negative_ttl(5 * SECOND), &env)?;
    for _ in 0..1_000 {
        assert_eq!(manual.block_on(pages.value(&404))?, None);
    }
    println!("  with                      {:>5} load", reads.counts().calls() - 1_000);
    assert_eq!((reads.counts().calls(), pages.stats().negative_hits), (1_001, 999));

    database.put(404, "made behind the cache's back");
    assert_eq!(manual.block_on(pages.value(&404))?, None);
    manual.advance(5 * SECOND);
    assert_eq!(manual.block_on(pages.value(&404))?, Some("made behind the cache's back"));
    println!("what is made behind the cache's back is seen when the five seconds are over");

    assert_eq!(manual.block_on(pages.value(&405))?, None);
    manual.block_on(pages.put(405, "made through the cache"))?;
    assert_eq!(manual.block_on(pages.value(&405))?, Some("made through the cache"));
    println!("what is made through the cache is seen at once");
    Ok(())
}
