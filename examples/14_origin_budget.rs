//! An origin budget: at most so many loads at once and so many a second, whoever asks.
//!
//! Use it when the origin can be asked to death: after a cold start, when a cache tier is lost, during an attack on random
//! keys. It costs refusals: over budget, who has a stale entry gets that, and who has none gets an error at once, which he
//! can tell from a failure.

use std::time::Duration;

use larder::ErrorKind;
use larder::patterns::{Budget, Freshness};
use larder::policies::Lru;
use larder::prelude::*;
use larder::testkit::{Gate, Task};

const SECOND: Duration = Duration::from_secs(1);
const KEYS: u64 = 100;

fn main() -> larder::Result<()> {
    let (env, manual) = Env::manual();
    let gate = Gate::<u64, u64>::new();
    let budget = Budget::new(8)?.rate(20.0, 10)?;
    let memory =
        MemoryOptions::new(1_000).fresh_for(60 * SECOND).ttl(3_600 * SECOND).env(&env).build(Lru::new);
    let freshness = Freshness::new().budget(budget.clone());
    let users = memory.keep_fresh(gate.clone(), freshness, &env)?.shared();
    let ask_all = || {
        let ask = |key| {
            let users = users.clone();
            Task::start(&env, async move { users.value(&key).await })
        };
        let tasks: Vec<_> = (0..KEYS).map(ask).collect();
        manual.run();
        tasks
    };
    let release_all = || {
        while let Some(load) = gate.try_next_call() {
            let key = *load.key();
            load.release(key);
        }
        manual.run();
    };

    let tasks = ask_all();
    assert_eq!(budget.in_flight(), 8);
    let refusal = |task: &Task<larder::Result<_>>| matches!(task.answer(), Some(Err(error)) if error.kind() == ErrorKind::Overloaded);
    let refused = tasks.iter().filter(|task| refusal(task)).count();
    assert_eq!(refused, 92);
    println!("a cold start, {KEYS} keys at once: 8 loads run, {refused} readers are told Overloaded at once");
    release_all();

    let mut rounds = 1;
    while users.inner().len() < KEYS as usize {
        manual.advance(SECOND / 2);
        ask_all();
        release_all();
        rounds += 1;
    }
    assert_eq!(rounds, 13);
    println!("asked again each half second, all keys are there after {rounds} rounds");

    manual.advance(120 * SECOND);
    let before = gate.calls();
    let tasks = ask_all();
    let stale = users.stats().stale_over_budget;
    assert_eq!((gate.calls() - before, stale), (8, 92));
    println!(
        "all have gone stale at once: 8 are reloaded, {stale} readers get the stale value instead of waiting"
    );
    release_all();
    drop(tasks);
    println!("in all the budget refused {} loads", budget.refused());
    assert!(budget.refused() >= 184);
    Ok(())
}
