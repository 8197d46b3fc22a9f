//! Another engine under our patterns: a moka cache with leases, tags and read-through.
//!
//! Use it where a cache runs already, tuned and watched, and lacks what no engine has: that a slow load can't undo an
//! invalidation, that one step drops all with a tag. The cache keeps our entries as its values; nothing else of it changes.
//! It costs 24 bytes an entry, and a number read at each look-up.

use larder::moka::{Lives, Moka};
use larder::patterns::{Stamped, Tags};
use larder::prelude::*;
use larder::testkit::{Gate, Task};
use larder::{Leased, Result};

/// The cache that is there: ours is the type of its values, and who tells it how long they live.
type Cache = moka::sync::Cache<u64, Entry<Stamped<String>>>;

fn main() -> Result<()> {
    let (env, manual) = Env::manual();
    let cache: Cache = moka::sync::Cache::builder()
        .max_capacity(10_000)
        .expire_after(Lives::new(env.clock().clone())) // moka frees what has expired
        .build();

    let tags = Tags::new();
    let gate = Gate::<u64, String>::new();
    let engine = Leased::new(Moka(cache.clone())).env(&env).shared();
    let pages = engine
        .clone()
        .tagged_in(&tags, |id: &u64, _page: &String| [format!("shop:{}", id % 10)])
        .read_through_in(gate.clone(), &env)
        .shared();

    let readers: Vec<_> = (0..100)
        .map(|_| {
            let pages = pages.clone();
            Task::start(&env, async move { pages.value(&7).await })
        })
        .collect();
    manual.run();
    manual.block_on(gate.next_call()).release("page 7".to_owned());
    manual.run();
    let answered = readers.iter().filter(|reader| matches!(reader.answer(), Some(Ok(Some(_))))).count();
    println!(
        "{answered} readers missed together: {} load, and moka holds {} entry",
        gate.calls(),
        cache.iter().count()
    );
    assert_eq!((answered, gate.calls(), cache.iter().count()), (100, 1, 1));

    tags.invalidate("shop:7");
    assert!(pages.get_now(&7).is_none_or(|found| !found.is_hit()));
    println!("one tag is invalidated: the page is a miss, though moka still has it");

    let slow = pages.clone();
    let reader = Task::start(&env, async move { slow.value(&7).await });
    manual.run();
    let load = manual.block_on(gate.next_call());
    manual.block_on(pages.remove(&7))?;
    load.release("page 7, as it was before the change".to_owned());
    manual.run();
    assert!(matches!(reader.answer(), Some(Ok(Some(_)))));
    assert!(!cache.contains_key(&7));
    println!("a load that began before a removal is answered to its reader, and moka never sees it");

    println!("{:?}", engine.stats());
    Ok(())
}
