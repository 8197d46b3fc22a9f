//! Write-behind: a write is acknowledged once it is queued, and reaches the origin in batches.
//!
//! Use it for counters, carts, positions: many writes, each soon overwritten. It costs a queue, and an origin that lags
//! behind; the end of the process loses what is queued (08 keeps it). What is queued is what readers see, even after the
//! cache has evicted it. Of many writes of a key the origin gets the last; a failed one is tried again, and never after a
//! newer one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use larder::Change;
use larder::patterns::Batch;
use larder::policies::Lru;
use larder::prelude::*;
use larder::testkit::{CountingWriter, MapOrigin};

const SECOND: Duration = Duration::from_secs(1);

fn main() -> larder::Result<()> {
    let (env, manual) = Env::manual();
    let (database, is_down) = (MapOrigin::new(), Arc::new(AtomicBool::new(false)));
    let writes = CountingWriter::new(writer(&database, &is_down));
    let lost = Arc::new(Mutex::new(Vec::new()));
    let letters = Arc::clone(&lost);
    let batch = Batch::of(100).every(SECOND).give_up_after(3, move |change: Change<&str, u64>, _| {
        letters.lock().unwrap_or_else(PoisonError::into_inner).push(*change.key());
    });
    // Room for one entry: what is not queued is soon evicted.
    let carts = MemoryOptions::new(1).env(&env).build(Lru::new).write_behind(writes.clone(), batch, &env);
    let put = |key, value| manual.block_on(carts.put(key, value));
    let pass = |time| {
        manual.advance(time);
        manual.run();
    };

    for articles in 1..=5 {
        put("ann", articles)?;
    }
    put("bob", 7)?;
    manual.run();
    assert_eq!((writes.counts().calls(), carts.inner().get("ann")), (0, None));
    assert_eq!(manual.block_on(carts.value(&"ann"))?, Some(5));
    println!("6 writes are queued; ann is evicted from the cache, and her readers still see 5 articles");

    pass(SECOND);
    assert_eq!((writes.counts().batches(), database.get(&"ann")), (vec![2], Some(5)));
    println!(
        "a second later the origin gets {} writes in one call, the last of each key",
        carts.stats().written
    );

    is_down.store(true, Ordering::Relaxed);
    put("ann", 6)?;
    pass(SECOND);
    put("ann", 8)?;
    assert_eq!((carts.stats().failures, carts.stats().depth), (1, 1));
    is_down.store(false, Ordering::Relaxed);
    pass(SECOND);
    assert_eq!(database.get(&"ann"), Some(8));
    println!("the origin is down for a while: the retry writes the newer value, 8");

    is_down.store(true, Ordering::Relaxed);
    put("eve", 1)?;
    for _ in 0..60 {
        pass(SECOND);
    }
    let lost = lost.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert_eq!((lost.as_slice(), carts.stats().dead_letters), (&["eve"][..], 1));
    assert_eq!(manual.block_on(carts.value(&"eve"))?, None);
    println!(
        "down for good: after 3 attempts the write of {} is a dead letter, and out of the cache",
        lost[0]
    );
    Ok(())
}

/// Writes to `database`, unless it is down.
fn writer(
    database: &MapOrigin<&'static str, u64>,
    is_down: &Arc<AtomicBool>,
) -> impl Writer<&'static str, u64> + use<> {
    let (rows, down) = (database.clone(), Arc::clone(is_down));
    move |change: Change<&'static str, u64>| {
        let (rows, down) = (rows.clone(), down.load(Ordering::Relaxed));
        async move { if down { Err(larder::Error::write("no connection")) } else { rows.write(&change).await } }
    }
}
