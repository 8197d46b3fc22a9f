//! Refresh-ahead: a read in the last part of an entry's life answers at once, and reloads it behind.
//!
//! Use it for keys that are read all the time, where nobody should ever wait for a reload. It costs more loads: a life
//! counts for four fifths, say. A key that nobody reads in that part expires, and its next reader waits.

use std::time::Duration;

use larder::policies::Lru;
use larder::prelude::*;
use larder::testkit::{CountingLoader, Task};

const SECOND: Duration = Duration::from_secs(1);
const MINUTES: u32 = 10;

fn main() -> larder::Result<()> {
    println!("one read a second for {MINUTES} minutes; a life of 60 s; a load takes 2 s:");
    let (loads, waited) = reads(None)?;
    println!("  read-through         {loads:>3} loads, {waited:>3} readers waited");
    assert_eq!((loads, waited), (10, 20));

    let (loads, waited) = reads(Some(0.8))?;
    println!("  refresh-ahead (0.8)  {loads:>3} loads, {waited:>3} readers waited, those of the first load");
    assert_eq!((loads, waited), (12, 2));
    Ok(())
}

/// How many loads there were, and how many readers had to wait for one.
fn reads(refresh_ahead: Option<f64>) -> larder::Result<(usize, usize)> {
    let (env, manual) = Env::manual();
    let world = env.clone();
    let origin = CountingLoader::new(move |id: u64| {
        let answer = world.sleep(2 * SECOND);
        async move {
            answer.await;
            Ok(Some(id))
        }
    });
    let memory = MemoryOptions::new(100).ttl(60 * SECOND).env(&env).build(Lru::new);
    let rates = match refresh_ahead {
        None => memory.read_through_in(origin.clone(), &env).into_dyn(),
        Some(part) => memory.refresh_ahead(origin.clone(), part, &env)?.into_dyn(),
    };
    let mut waited = 0;
    for _ in 0..60 * MINUTES {
        let rates = rates.clone();
        let reader = Task::start(&env, async move { rates.value(&1).await });
        manual.run();
        if reader.answer().is_none() {
            waited += 1;
        }
        manual.advance(SECOND);
        manual.run();
    }
    Ok((origin.counts().calls(), waited))
}
