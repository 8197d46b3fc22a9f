//! Write-around: a write reaches the origin and only invalidates the cache.
//!
//! Use it when what is written is seldom read soon: imports, logs, archives. It keeps such rows from pushing out what is
//! read. It costs the first reader of a written key a load.

use larder::Change;
use larder::policies::Lru;
use larder::prelude::*;
use larder::testkit::MapOrigin;

const HOT: u64 = 100;
const IMPORTED: u64 = 1_000;

fn main() -> larder::Result<()> {
    let (env, manual) = Env::manual();
    let database: MapOrigin<u64, u64> = (0..HOT).map(|id| (id, id)).collect();
    let memory = || MemoryOptions::new(HOT).shards(1).env(&env).build(Lru::new);
    let read = || memory().read_through_in(database.clone(), &env).shared();

    println!("{HOT} hot keys in a cache with room for {HOT}; then {IMPORTED} rows are imported:");
    let through = read();
    let kept = manual.block_on(import(&through.clone().write_through(database.clone())))?;
    println!("  write-through  {kept:>4} of the hot keys are still there");
    assert_eq!(kept, 0);

    let around = read();
    let kept = manual.block_on(import(&around.clone().write_around(database.clone())))?;
    println!("  write-around   {kept:>4} of the hot keys are still there");
    assert_eq!(kept, 100);

    let store = around.clone().write_around(database.clone());
    manual.block_on(async {
        assert_eq!(store.value(&7).await?, Some(7));
        store.put(7, 77).await?;
        let loads = around.stats().ok;
        assert_eq!(store.value(&7).await?, Some(77));
        assert_eq!(around.stats().ok, loads + 1);
        println!("a written key is loaded by its next reader, who gets the new value");
        assert!(matches!(database.log().last(), Some(Change::Put(7, 77))));
        Ok(())
    })
}

/// Reads the hot keys, writes the others once, and looks which hot keys the cache still has.
async fn import(store: &impl Store<Key = u64, Value = u64>) -> larder::Result<usize> {
    for id in 0..HOT {
        assert_eq!(store.value(&id).await?, Some(id));
    }
    for id in HOT..HOT + IMPORTED {
        store.put(id, id).await?;
    }
    let is_kept = |id: &u64| store.get_now(id).is_some_and(|found| found.is_hit());
    Ok((0..HOT).filter(is_kept).count())
}
