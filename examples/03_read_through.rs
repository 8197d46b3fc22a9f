//! Read-through, and the stampede that it prevents: a thousand tasks miss one key at once, and one load serves them all.
//!
//! Use it whenever loads are dear or many ask at once. It costs a task and a place in a table for each load under way,
//! nothing on a hit. A failed load fails for all who wait at that moment, and is kept by nobody.

use larder::patterns::CacheAside;
use larder::policies::Lru;
use larder::prelude::*;
use larder::testkit::{CountingLoader, Gate, MapOrigin, Task};

const TASKS: usize = 1_000;

fn main() {
    println!("{TASKS} tasks miss one key at once:");
    let loads = stampede();
    println!("  cache-aside   {loads:>5} loads");

    let (env, manual) = Env::manual();
    let gate = Gate::<u64, &str>::new();
    let pages =
        MemoryOptions::new(100).env(&env).build(Lru::new).read_through_in(gate.clone(), &env).shared();
    let ask = || {
        let pages = pages.clone();
        Task::start(&env, async move { pages.value(&7).await })
    };
    let tasks: Vec<_> = (0..TASKS).map(|_| ask()).collect();
    manual.run();
    assert_eq!(gate.calls(), 1);
    let load = manual.block_on(gate.next_call());
    load.release("the front page");
    manual.run();
    let answered = |task: &Task<_>| matches!(task.answer(), Some(Ok(Some("the front page"))));
    assert_eq!(tasks.iter().filter(|task| answered(task)).count(), TASKS);
    println!("  read-through  {:>5} load, and all have the answer", gate.calls());

    manual.block_on(pages.remove(&7)).expect("memory doesn't fail");
    let tasks = [ask(), ask()];
    manual.run();
    manual.block_on(gate.next_call()).fail(larder::Error::load("the database is away"));
    manual.run();
    assert!(tasks.iter().all(|task| matches!(task.answer(), Some(Err(_)))));
    assert_eq!(pages.stats().failed, 1);
    println!("a load fails: both who waited get the error, and the next to ask loads anew");
    let next = ask();
    manual.run();
    manual.block_on(gate.next_call()).release("the front page, again");
    manual.run();
    assert!(matches!(next.answer(), Some(Ok(Some("the front page, again")))));
}

/// The same without single flight: the tasks have all missed before the first load has ended. How many loads there were.
fn stampede() -> usize {
    let (env, manual) = Env::manual();
    let gate = Gate::<u64, u64>::new();
    let cache = MemoryOptions::new(100).env(&env).build(Lru::new);
    let loader = CountingLoader::new(gate.clone());
    let pages = std::sync::Arc::new(CacheAside::new(cache, loader.clone(), MapOrigin::new()));
    for _ in 0..TASKS {
        let pages = pages.clone();
        env.spawn(async move { assert!(pages.get(&7).await.is_ok()) }).expect("there is a world to run in");
    }
    manual.run();
    while let Some(call) = gate.try_next_call() {
        call.release(1);
    }
    assert_eq!(manual.run(), 0);
    assert_eq!(loader.counts().calls(), TASKS);
    loader.counts().calls()
}
