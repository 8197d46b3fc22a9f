//! Tags: one step drops every entry that carries one, however many there are, in whatever tier.
//!
//! Use them when one change at the origin concerns many entries whose keys you can't name: all pages with a price, all that
//! a user may see. They cost 56 bytes an entry and a look at a word for each tag on a hit. What was invalidated keeps its
//! place until it is asked for, evicted or expired.

use larder::patterns::{Stamped, Tags};
use larder::policies::Lru;
use larder::prelude::*;
use larder::testkit::{CountingLoader, Gate, Task};

const PRODUCTS: u64 = 5_000;
const SHOPS: u64 = 50;

fn main() -> larder::Result<()> {
    let (env, manual) = Env::manual();
    let memory = |capacity| MemoryOptions::<u64, Stamped<u64>>::new(capacity).env(&env).build(Lru::new);
    let origin = CountingLoader::new(|id: u64| async move { Ok(Some(id * 100)) });
    let tags = Tags::new();
    let shop_of = |id: &u64, _price: &u64| [format!("shop:{}", id % SHOPS)];
    // Tags outside of what keeps and copies entries, inside of what loads.
    let prices = memory(100_000)
        .fronted_by(memory(1_000))
        .tagged_in(&tags, shop_of)
        .read_through_in(origin.clone(), &env);
    let read_all = || {
        let before = origin.counts().calls();
        for id in 0..PRODUCTS {
            assert_eq!(manual.block_on(prices.value(&id))?, Some(id * 100));
        }
        Ok::<_, larder::Error>(origin.counts().calls() - before)
    };

    println!("{} loads for the prices of {SHOPS} shops, then {}", read_all()?, read_all()?);
    tags.invalidate("shop:7");
    let loads = read_all()?;
    assert_eq!(loads, 100);
    println!("one shop changes its prices: one step, and its {loads} prices are loaded anew, no other");

    tags.invalidate_all();
    let loads = read_all()?;
    assert_eq!(loads, 5_000);
    println!("all are dropped, in one step, too: {loads} loads");

    let gate = Gate::<u64, u64>::new();
    let slow = memory(100).tagged_in(&tags, shop_of).read_through_in(gate.clone(), &env).shared();
    let reader = slow.clone();
    let task = Task::start(&env, async move { reader.value(&7).await });
    manual.run();
    tags.invalidate("shop:7");
    manual.block_on(gate.next_call()).release(700);
    manual.run();
    assert!(matches!(task.answer(), Some(Ok(Some(700)))));
    assert!(!slow.get_now(&7).is_some_and(|found| found.is_hit()));
    println!("a load that began before the change is answered to its reader, and kept by nobody");
    Ok(())
}
