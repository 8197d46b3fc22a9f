//! Probabilistic early expiration (XFetch): machines that share an origin reload a key at different moments, all of them
//! before it ends, and none of them knows of the others.
//!
//! Use it where single flight can't reach: across processes. It costs earlier loads, by about the time that a load takes:
//! dear loads begin earlier. Vattani, Chierichetti and Lowenstein, VLDB 2015.

use std::time::Duration;

use larder::patterns::Freshness;
use larder::policies::Lru;
use larder::prelude::*;
use larder::testkit::{CountingLoader, Manual, Task};

const MACHINES: u64 = 100;
const TENTH: Duration = Duration::from_millis(100);

fn main() -> larder::Result<()> {
    println!(
        "{MACHINES} machines loaded a key together, for 60 s; a load takes a second; all read all the time:"
    );
    let (busiest, waited) = fleet(&Freshness::new())?;
    println!(
        "  as it comes       {busiest:>3} loads at once at worst, {waited:>3} machines had readers waiting"
    );
    assert_eq!((busiest, waited), (100, 100));

    let (busiest, waited) = fleet(&Freshness::new().early_expiration(1.0))?;
    println!(
        "  early expiration  {busiest:>3} loads at once at worst, {waited:>3} machines had readers waiting"
    );
    assert!(busiest < 50 && waited < 10);
    Ok(())
}

/// How many loads ran at once at most after the first ones, and on how many machines a reader had to wait.
fn fleet(freshness: &Freshness) -> larder::Result<(usize, usize)> {
    let worlds: Vec<_> = (0..MACHINES).map(Manual::new).collect();
    let (mut machines, mut busiest, mut waiting) = (Vec::new(), 0, 0);
    for manual in &worlds {
        let env = manual.env();
        let world = env.clone();
        let origin = CountingLoader::new(move |id: u64| {
            let answer = world.sleep(10 * TENTH);
            async move {
                answer.await;
                Ok(Some(id))
            }
        });
        let memory = MemoryOptions::new(100).ttl(600 * TENTH).env(&env).build(Lru::new);
        machines.push((memory.keep_fresh(origin.clone(), freshness.clone(), &env)?.shared(), origin, false));
    }
    for tenth in 0..700 {
        let mut loading = 0;
        for (manual, (store, origin, waited)) in worlds.iter().zip(&mut machines) {
            let store = store.clone();
            let reader = Task::start(&manual.env(), async move { store.value(&1).await });
            manual.run();
            *waited |= tenth > 20 && reader.answer().is_none();
            loading += origin.counts().in_flight();
            manual.advance(TENTH);
            manual.run();
        }
        if tenth > 20 {
            busiest = busiest.max(loading);
        }
    }
    waiting += machines.iter().filter(|(_, _, waited)| *waited).count();
    Ok((busiest, waiting))
}
