//! An outage: stale-while-revalidate answers at once while a reload runs, stale-if-error answers while reloads fail.
//!
//! Use them where an old answer is better than none. They cost truth: an answer may be as old as the bound you set, and
//! after it there is an error. Meanwhile the origin is asked ever more seldom, so that it can come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use larder::patterns::Freshness;
use larder::policies::Lru;
use larder::prelude::*;
use larder::testkit::CountingLoader;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

fn main() -> larder::Result<()> {
    let (env, manual) = Env::manual();
    let is_down = Arc::new(AtomicBool::new(false));
    let down = Arc::clone(&is_down);
    let origin = CountingLoader::new(move |city: &'static str| {
        let down = down.load(Ordering::Relaxed);
        async move { if down { Err(larder::Error::load("no route")) } else { Ok(Some(format!("{city}: rain"))) } }
    });
    let freshness = Freshness::new()
        .stale_while_revalidate(10 * SECOND)
        .stale_if_error(20 * MINUTE)
        .back_off(SECOND, MINUTE);
    let memory = MemoryOptions::new(100).fresh_for(MINUTE).ttl(60 * MINUTE).env(&env).build(Lru::new);
    let weather = memory.keep_fresh(origin.clone(), freshness, &env)?;
    let read = || {
        let answer = manual.block_on(weather.value(&"Oslo"));
        manual.run();
        answer
    };

    assert!(read()?.is_some());
    manual.advance(MINUTE + SECOND);
    assert!(read()?.is_some());
    assert_eq!((weather.stats().stale_revalidating, weather.stats().reloaded), (1, 1));
    println!("a second past its fresh minute: the old answer at once, the new one is loaded behind");

    is_down.store(true, Ordering::Relaxed);
    let (mut answered, before) = (0, origin.counts().calls());
    for _ in 0..20 * 60 {
        manual.advance(SECOND);
        answered += usize::from(read().is_ok_and(|answer| answer.is_some()));
    }
    let asked = origin.counts().calls() - before;
    println!(
        "20 minutes of outage, a read a second: {answered} answers, and the origin was asked {asked} times"
    );
    assert_eq!(answered, 1_200);
    assert!((20..60).contains(&asked));
    println!("  {} of the answers were stale", weather.stats().stale() - 1);

    manual.advance(MINUTE);
    let error = read().expect_err("past the bound");
    println!("past the bound there is an error: {error}");

    is_down.store(false, Ordering::Relaxed);
    manual.advance(MINUTE);
    assert_eq!(read()?.as_deref(), Some("Oslo: rain"));
    println!("the origin is back, and so is the weather");
    Ok(())
}
