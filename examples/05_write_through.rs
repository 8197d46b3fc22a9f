//! Write-through: a write reaches the origin, then the cache, before it is acknowledged.
//!
//! Use it when what is written is read soon, and an acknowledged write must be at the origin. It costs the origin's time
//! on every write. A write that fails leaves the key invalidated: nobody knows whether the origin made it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use larder::policies::Lru;
use larder::prelude::*;
use larder::testkit::{CountingLoader, MapOrigin};
use larder::{Change, ErrorKind};

fn main() -> larder::Result<()> {
    let (env, manual) = Env::manual();
    let database = MapOrigin::<u64, &str>::new();
    let reads = CountingLoader::new(database.clone());
    let is_full = Arc::new(AtomicBool::new(false));
    let (rows, full) = (database.clone(), Arc::clone(&is_full));
    let writer = move |change: Change<u64, &'static str>| {
        let (rows, full) = (rows.clone(), full.load(Ordering::Relaxed));
        async move { if full { Err(larder::Error::write("the disk is full")) } else { rows.write(&change).await } }
    };
    let memory = MemoryOptions::new(100).env(&env).build(Lru::new);
    // Reading inside, writing outside: so a write ends a load of its key that is under way.
    let users = memory.read_through_in(reads.clone(), &env).write_through(writer);

    manual.block_on(async {
        users.put(1, "Ada").await?;
        assert_eq!(database.get(&1), Some("Ada"));
        assert_eq!(users.value(&1).await?, Some("Ada"));
        assert_eq!(reads.counts().calls(), 0);
        println!("Ada is at the origin and in the cache: a read needs no load");

        is_full.store(true, Ordering::Relaxed);
        let refused = users.put(1, "Ada Lovelace").await.expect_err("the disk is full");
        assert_eq!(refused.kind(), ErrorKind::Write);
        println!("a write fails ({refused}) and invalidates the key");

        assert_eq!(users.value(&1).await?, Some("Ada"));
        assert_eq!(reads.counts().calls(), 1);
        println!("the next reader asks the origin: still Ada");

        is_full.store(false, Ordering::Relaxed);
        users.remove(&1).await?;
        assert_eq!((database.get(&1), users.value(&1).await?), (None, None));
        println!("a removal reaches the origin, too");
        Ok(())
    })
}
