//! A far tier that hangs: with a deadline, a circuit breaker and `optional` around it, it costs next to nothing, fails nobody, and
//! leaves nothing old behind.
//!
//! Use it for every tier that is reached over a network, and that the application can do without. It costs the far tier's hits
//! while it is away, and a remembered key for each removal that did not arrive.

use std::time::Duration;

use larder::patterns::{Breaker, CircuitState};
use larder::policies::Lru;
use larder::prelude::*;
use larder::testkit::{CountingLoader, Faulty, MapStore, Task};
use larder::{Manual, Shared};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn main() -> larder::Result<()> {
    let (env, manual) = Env::manual();
    let far = Faulty::new(MapStore::<u64, u64>::new(&env), &env);
    let tier = far.faults();
    let origin = CountingLoader::new(|id: u64| async move { Ok(Some(id * 10)) });
    let breaker = Breaker::new(0.5, 5).open_for(10 * SECOND);
    let near = MemoryOptions::new(100).ttl(SECOND).env(&env).build(Lru::new);
    let guarded = far.within(100 * MS, &env).circuit_broken(breaker, &env)?;
    let store =
        guarded.optional(|_, _| {}, &env).fronted_by(near).read_through_in(origin.clone(), &env).shared();
    let optional = || store.inner().far();

    let read = |key: u64| waited(&env, &manual, &store, key);

    assert_eq!(read(1)?, (Some(10), Duration::ZERO));
    println!("all is well:            a read costs {:?}", Duration::ZERO);

    let outage = tier.on_any().hang();
    let mut costs = Vec::new();
    for key in 2..=20 {
        let (value, cost) = read(key)?;
        assert_eq!(value, Some(key * 10), "the origin is asked instead");
        costs.push(cost);
    }
    assert_eq!(optional().inner().guard().state(), CircuitState::Open);
    let slow = costs.iter().filter(|cost| **cost > Duration::ZERO).count();
    let worst = costs.iter().max().copied().unwrap_or_default();
    println!("the far tier hangs:     {slow} reads cost up to {worst:?}, then the breaker is open");
    assert!(slow <= 5 && costs[slow..].iter().all(Duration::is_zero));

    let loads = origin.counts().calls();
    assert_eq!(read(20)?, (Some(200), Duration::ZERO));
    assert_eq!(origin.counts().calls(), loads);
    println!("                        the near tier keeps its copies meanwhile");

    assert!(manual.block_on(store.remove(&1)).is_ok());
    let stats = optional().stats();
    println!("a removal is lost:      {} key is not believed, {} calls failed", stats.distrusted_keys, {
        stats.failed_reads + stats.failed_fills + stats.failed_writes
    });
    assert_eq!(stats.distrusted_keys, 1);

    outage.lift();
    for _ in 0..30 {
        manual.advance(SECOND);
        manual.run();
    }
    assert_eq!(optional().stats().distrusted_keys, 0);
    println!("the far tier is back:   the removal was made up for, and all is believed again");
    assert_eq!(read(1)?, (Some(10), Duration::ZERO));
    Ok(())
}

/// What a reader of `key` gets, and how long he waits by the clock.
fn waited<S: Store<Key = u64, Value = u64>>(
    env: &Env,
    manual: &Manual,
    store: &Shared<S>,
    key: u64,
) -> larder::Result<(Option<u64>, Duration)> {
    let (reader, began) = (store.clone(), env.now());
    let task = Task::start(env, async move { reader.value(&key).await });
    loop {
        manual.run();
        match task.answer() {
            Some(answer) => return answer.map(|value| (value, env.now().since(began))),
            None => manual.advance(MS),
        }
    }
}
