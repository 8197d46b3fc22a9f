//! Cache-aside: a repository that asks the cache, then the origin; a write goes to the origin and invalidates the cache.
//!
//! Use it when the cache is an extra beside code that knows its database, and may fail without stopping that code. It
//! costs a load for each who misses, also when many miss one key at once: read-through (03) loads once for all.

use larder::patterns::CacheAside;
use larder::policies::Lru;
use larder::prelude::*;
use larder::testkit::{CountingLoader, MapOrigin};

fn main() -> larder::Result<()> {
    let (env, manual) = Env::manual();
    let database = MapOrigin::from([(1, "tea, 4.00")]);
    let reads = CountingLoader::new(database.clone());
    let cache = MemoryOptions::new(100).env(&env).build(Lru::new);
    let products = CacheAside::new(cache, reads.clone(), database.clone());

    manual.block_on(async {
        for turn in ["misses, and asks the database", "hits"] {
            let found = products.get(&1).await?;
            assert_eq!(found, Some("tea, 4.00"));
            println!("a reader {turn}: {found:?}");
        }
        assert_eq!(reads.counts().calls(), 1);

        products.update(1, "tea, 4.50").await?;
        assert_eq!(database.get(&1), Some("tea, 4.50"));
        assert!(!products.cache().contains(&1));
        println!("an update writes the database; the cache has lost its copy");

        assert_eq!(products.get(&1).await?, Some("tea, 4.50"));
        products.delete(&1).await?;
        assert_eq!((products.get(&1).await?, database.get(&1)), (None, None));
        println!("the next reader loads the new row; after a delete there is nothing, here and there");
        Ok::<(), larder::Error>(())
    })?;

    let stats = products.stats();
    assert_eq!((stats.hits, stats.misses, stats.cache_errors), (1, 3, 0));
    println!("{} hit, {} loads", stats.hits, stats.misses);
    Ok(())
}
