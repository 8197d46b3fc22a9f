//! A stale set is refused: a slow load that began before a write can't put the old value back.
//!
//! Nothing to switch on: a miss hands out a lease, only a lease can fill, and a write voids it. It costs a word or two a
//! miss, and a refused fill now and then: the next reader loads again.

use larder::policies::Lru;
use larder::prelude::*;
use larder::testkit::MapOrigin;
use larder::{Change, Lookup};

fn main() -> larder::Result<()> {
    let (env, manual) = Env::manual();
    let database = MapOrigin::from([(1_u64, 4_00)]);
    let leased = MemoryOptions::new(100).env(&env).build(Lru::new);
    let mut plain = std::collections::HashMap::new();

    let Lookup::Miss(lease) = leased.lookup(&1) else { unreachable!("the cache is new") };
    let old = manual.block_on(database.load(&1))?.expect("the row is there");
    println!("a reader misses, gets a lease, and reads the price {} from a slow database", old.value());

    manual.block_on(database.write(&Change::Put(1, 4_50)))?;
    leased.insert(1, 4_50);
    plain.insert(1, 4_50);
    println!("meanwhile the price is changed to 450, in the database and in the cache");

    let filled = leased.fill_now(1, old.clone(), lease);
    plain.insert(1, old.into_value());
    assert!(!filled.is_stored());
    println!("now the reader's answer is put in: the lease is void, and the fill refused");

    println!("the next reader of a plain map gets {:?}, of the cache {:?}", plain.get(&1), leased.get(&1));
    assert_eq!((plain.get(&1), leased.get(&1)), (Some(&4_00), Some(4_50)));
    assert_eq!(leased.stats().void_fills, 1);
    Ok(())
}
