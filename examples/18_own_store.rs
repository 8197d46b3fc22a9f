//! A store of your own: seven methods, here a direct-mapped cache, certified by the testkit's suite.
//!
//! Use one to put anything that keeps entries by key under Larder's patterns: a file system, a bucket, another cache. It
//! costs one thought: when is a lease void? Here each write gives its line a number that no line had before, and the number
//! is the lease.

use larder::prelude::*;
use larder::testkit::store::{Options, conforms};
use larder::{Filled, Lease, Lifetimes, Lookup, Result};
use tokio::sync::{Mutex, MutexGuard};

/// One possible line for each key, as in a processor's cache: a newcomer takes the line, whoever has it.
struct DirectMapped {
    env: Env,
    lines: Vec<Mutex<Line>>,
}

struct Line {
    number: u64,
    entry: Option<(u64, Entry<String>)>,
}

impl DirectMapped {
    fn new(lines: usize, env: &Env) -> Self {
        // The numbers of one environment never repeat.
        let line = |_| Mutex::new(Line { number: env.random().next(), entry: None });
        Self { env: env.clone(), lines: (0..lines.max(1)).map(line).collect() }
    }
    async fn line(&self, key: u64) -> MutexGuard<'_, Line> {
        self.lines[key as usize % self.lines.len()].lock().await
    }
    fn is_usable(&self, entry: &Entry<String>) -> bool {
        entry.life().is_usable(self.env.now())
    }
    fn write(&self, line: &mut Line, key: u64, entry: Entry<String>) -> Filled {
        let (value, life) = entry.into_parts();
        let life = life.resolve(self.env.now(), &Lifetimes::default(), || 0);
        *line = Line { number: self.env.random().next(), entry: Some((key, Entry::with_life(value, life))) };
        Filled::Stored(life)
    }
}

impl Store for DirectMapped {
    type Key = u64;
    type Value = String;

    async fn get(&self, key: &u64) -> Result<Lookup<String>> {
        let line = self.line(*key).await;
        Ok(match &line.entry {
            Some((owner, entry)) if owner == key && self.is_usable(entry) => Lookup::Hit(entry.clone()),
            _ => Lookup::Miss(Lease::new([line.number, 0])),
        })
    }
    fn get_now(&self, _key: &u64) -> Option<Lookup<String>> {
        None // "ask get"
    }
    async fn lease(&self, key: &u64) -> Result<Lease> {
        Ok(Lease::new([self.line(*key).await.number, 0]))
    }
    async fn fill(&self, key: u64, entry: Entry<String>, lease: Lease) -> Result<Filled> {
        let mut line = self.line(key).await;
        let is_good = lease.stamp() == [line.number, 0];
        Ok(if is_good { self.write(&mut line, key, entry) } else { Filled::Void })
    }
    async fn insert(&self, key: u64, entry: Entry<String>) -> Result<()> {
        let _ = self.write(&mut *self.line(key).await, key, entry);
        Ok(())
    }
    async fn remove(&self, key: &u64) -> Result<bool> {
        let mut line = self.line(*key).await;
        line.number = self.env.random().next();
        let removed = line.entry.take_if(|(owner, _)| owner == key);
        Ok(removed.is_some_and(|(_, entry)| self.is_usable(&entry)))
    }
    async fn clear(&self) -> Result<()> {
        for line in &self.lines {
            *line.lock().await = Line { number: self.env.random().next(), entry: None };
        }
        Ok(())
    }
}

fn main() -> Result<()> {
    let (env, manual) = Env::manual();
    let claims = Options::manual(|n| n, |n| n.to_string(), &manual).coarse_leases().lossy();
    manual.block_on(conforms(async || DirectMapped::new(64, &env), &claims));
    println!("the store keeps the contract");
    let squares = DirectMapped::new(64, &env)
        .read_through_in(|n: u64| async move { Ok(Some((n * n).to_string())) }, &env);
    assert_eq!(manual.block_on(squares.value(&12))?.as_deref(), Some("144"));
    println!("and every pattern goes on it: {} load through read_through", squares.stats().ok);
    Ok(())
}
