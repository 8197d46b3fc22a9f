//! Two tiers: a small near copy, ten seconds long, in front of a large far store, and the hit rate of each.
//!
//! Use it when the far store is shared, large or slow, and few keys get most of the reads. It costs a second copy, and a
//! near copy may be as old as the near TTL. A copy keeps its deadlines: it never outlives the entry it was copied from.

use std::time::Duration;

use larder::policies::Lru;
use larder::prelude::*;
use larder::testkit::CountingLoader;

const SECOND: Duration = Duration::from_secs(1);

fn main() -> larder::Result<()> {
    let (env, manual) = Env::manual();
    let memory = |capacity, ttl| MemoryOptions::new(capacity).ttl(ttl).env(&env).build(Lru::new);
    let origin = CountingLoader::new(|id: u64| async move { Ok(Some(id * 10)) });
    let users =
        memory(1_000, 60 * SECOND).fronted_by(memory(100, 10 * SECOND)).read_through_in(origin.clone(), &env);

    println!("{:>8}  {:<18}{:>6}{:>6}{:>7}", "at", "who answers", "near", "far", "total");
    let request = |who: &str, expected: [&str; 3]| {
        let value = manual.block_on(users.value(&1))?;
        assert_eq!(value, Some(10));
        let stats = users.inner().stats();
        let rates = [stats.near_hit_rate(), stats.far_hit_rate(), stats.total_hit_rate()];
        let rates = rates.map(|rate| format!("{rate:.2}"));
        assert_eq!(rates, expected);
        let [near, far, total] = rates;
        println!("{:>6} s  {who:<18}{near:>6}{far:>6}{total:>7}", env.now().as_nanos() / 1_000_000_000);
        Ok::<(), larder::Error>(())
    };
    request("the origin", ["0.00", "0.00", "0.00"])?;
    request("the near tier", ["0.50", "0.00", "0.50"])?;
    manual.advance(11 * SECOND);
    request("the far tier", ["0.33", "0.33", "0.67"])?;
    request("the near tier", ["0.50", "0.25", "0.75"])?;

    assert_eq!(origin.counts().calls(), 1);
    println!("the near copy had ended, the far one had not: one load in all");
    Ok(())
}
