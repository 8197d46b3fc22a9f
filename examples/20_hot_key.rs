//! A hot key: all machines read one key all the time, and the one shard of the far store that has it melts. A near tier
//! of a few entries and a second's life takes nearly all of it away.
//!
//! Use a near tier with a short life before any shared store. It costs staleness: a write through one machine is seen by
//! the others up to that second later.

use std::time::Duration;

use larder::policies::Lru;
use larder::prelude::*;
use larder::testkit::MapStore;

const MACHINES: usize = 10;
const READS_A_SECOND: u64 = 1_000;
const SECONDS: u64 = 10;

fn main() -> larder::Result<()> {
    let (env, manual) = Env::manual();
    let second = Duration::from_secs(1);
    let far = MapStore::<&str, u64>::new(&env).shared();
    manual.block_on(far.put("the front page", 1))?;
    let near = || MemoryOptions::new(16).ttl(second).env(&env).build(Lru::new);
    let machines: Vec<_> = (0..MACHINES).map(|_| far.clone().fronted_by(near())).collect();

    for _ in 0..SECONDS * READS_A_SECOND {
        for machine in &machines {
            assert_eq!(manual.block_on(machine.value(&"the front page"))?, Some(1));
        }
        manual.advance(second / 1_000);
    }
    let near_hits: u64 = machines.iter().map(|machine| machine.stats().near_hits).sum();
    let far_hits: u64 = machines.iter().map(|machine| machine.stats().far_hits).sum();
    println!("{MACHINES} machines read one key {READS_A_SECOND} times a second each, for {SECONDS} s:");
    println!("  without a near tier  {:>7} reads reach the far store", near_hits + far_hits);
    println!("  with a near tier     {far_hits:>7} do, one a machine and second");
    assert_eq!((near_hits + far_hits, far_hits), (100_000, 100));

    let [writer, other, ..] = machines.as_slice() else { return Ok(()) };
    assert_eq!(manual.block_on(other.value(&"the front page"))?, Some(1));
    manual.block_on(writer.put("the front page", 2))?;
    assert_eq!(manual.block_on(writer.value(&"the front page"))?, Some(2));
    assert_eq!(manual.block_on(other.value(&"the front page"))?, Some(1));
    manual.advance(second);
    assert_eq!(manual.block_on(other.value(&"the front page"))?, Some(2));
    println!("the price: a write is seen at once where it was made, and up to a second later elsewhere");
    Ok(())
}
