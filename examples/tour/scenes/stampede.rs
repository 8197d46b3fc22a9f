//! A stampede: many tasks want one missing key at the same moment.

use std::sync::Arc;
use std::time::{Duration, Instant};

use larder::policies::WTinyLfu;
use larder::prelude::{Loader, Memory, PatternExt};
use larder::{Entry, Lookup};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::database::{Catalog, Database};
use crate::failure::{Failure, Result};
use crate::products::Product;
use crate::replay::{Cached, Shop};
use crate::units;

const TASKS: usize = 1_000;
const KEY: u64 = 0;
/// What the query takes: it stands for a page or a report that is dear to make.
const SLOWLY: Duration = Duration::from_millis(50);

/// The same stampede with and without single flight.
pub(crate) async fn stampede(database: &Database) -> Result<String> {
    let slow = Slow(database.catalog());
    let memory = || Memory::<u64, Product, _>::new(100, WTinyLfu::new);
    let alone = run(database, NoFlight { memory: memory(), origin: slow.clone() }).await?;
    let merged = run(database, Cached(memory().read_through(move |id| load(slow.clone(), id)))).await?;
    let line = |name: &str, (loads, took): (u64, Duration)| {
        let loads = units::of(loads, "load");
        format!(
            "  {name:<30}{} tasks, {loads:<12} all answered in {}\n",
            units::count(TASKS as u64),
            units::duration(took)
        )
    };
    Ok(format!(
        "A product that takes {} to load falls out of the cache, and {} tasks want it.\n\n{}{}\n\
         With read_through the first miss loads, and whoever comes meanwhile waits for that one load.\n",
        units::duration(SLOWLY),
        units::count(TASKS as u64),
        line("look up, load, fill", alone),
        line("read_through (single flight)", merged),
    ))
}

/// Lets all tasks ask at once. How many queries reached the database, and how long it took.
async fn run(database: &Database, shop: impl Shop) -> Result<(u64, Duration)> {
    let (shop, start) = (Arc::new(shop), Arc::new(Barrier::new(TASKS)));
    let (before, began) = (database.queries(), Instant::now());
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let (shop, start) = (Arc::clone(&shop), Arc::clone(&start));
        tasks.spawn(async move {
            start.wait().await;
            shop.ask(KEY).await
        });
    }
    while let Some(answer) = tasks.join_next().await {
        if answer??.is_none() {
            return Err(Failure::missing_product());
        }
    }
    Ok((database.queries() - before, began.elapsed()))
}

#[derive(Clone)]
struct Slow(Catalog);

async fn load(slow: Slow, id: u64) -> larder::Result<Option<Entry<Product>>> {
    tokio::time::sleep(SLOWLY).await;
    slow.0.load(&id).await
}

/// What an application does that looks up, loads and fills by itself.
struct NoFlight {
    memory: Memory<u64, Product, WTinyLfu>,
    origin: Slow,
}

impl Shop for NoFlight {
    async fn ask(&self, key: u64) -> larder::Result<Option<Product>> {
        let lease = match self.memory.lookup(&key) {
            Lookup::Hit(entry) => return Ok(Some(entry.into_value())),
            Lookup::Miss(lease) => lease,
        };
        let Some(entry) = load(self.origin.clone(), key).await? else { return Ok(None) };
        let _ = self.memory.fill_now(key, entry.clone(), lease);
        Ok(Some(entry.into_value()))
    }
}
