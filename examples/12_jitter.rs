//! An avalanche, and the jitter against it: entries stored together expire together, unless each life is a bit shorter.
//!
//! Use jitter whenever many entries are stored at once: after a start, a warm-up, a deploy. It costs up to that part of
//! each life: with 0.2, on average a tenth.

use std::time::Duration;

use larder::policies::Lru;
use larder::prelude::*;

const ENTRIES: usize = 10_000;
const SECOND: Duration = Duration::from_secs(1);

fn main() {
    println!("{ENTRIES} entries stored at once, for 60 s; how many expire in each two seconds:");
    let plain = expiries(0.0);
    let spread = expiries(0.2);
    println!("  at       jitter 0   jitter 0.2");
    for at in (50..=60).step_by(2) {
        let bar = "#".repeat(spread[at / 2] / 100);
        println!("  {at:>2} s   {:>10}   {:>10}  {bar}", plain[at / 2], spread[at / 2]);
    }
    assert_eq!(plain[30], ENTRIES);
    assert_eq!(spread.iter().sum::<usize>(), ENTRIES);
    let most = spread.iter().max().copied().unwrap_or_default();
    assert!(most < ENTRIES / 5);
    println!("the origin's worst moment: {ENTRIES} loads without, {most} with jitter");
}

/// How many entries expire up to each second moment of a minute.
fn expiries(jitter: f64) -> Vec<usize> {
    let (env, manual) = Env::manual();
    let options = MemoryOptions::new(u64::MAX).ttl(60 * SECOND).jitter(jitter).env(&env);
    let cache = options.build(Lru::new);
    (0..ENTRIES).for_each(|key| cache.insert(key, ()));
    let step = |at| {
        if at > 0 {
            manual.advance(2 * SECOND);
        }
        cache.prune()
    };
    (0..=30).map(step).collect()
}
