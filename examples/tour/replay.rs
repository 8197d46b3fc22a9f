//! Clients that replay requests, and how long each answer took.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use larder::{Loader, Lookup, Store};
use tokio::task::{JoinSet, coop};

use crate::database::Catalog;
use crate::failure::{Failure, Result};
use crate::products::Product;
use crate::progress::Progress;
use crate::trace::Requests;

/// Whoever can be asked for products.
pub(crate) trait Shop: Send + Sync + 'static {
    fn ask(&self, key: u64) -> impl Future<Output = larder::Result<Option<Product>>> + Send;
}

/// The database alone.
impl Shop for Catalog {
    async fn ask(&self, key: u64) -> larder::Result<Option<Product>> {
        Ok(self.load(&key).await?.map(larder::Entry::into_value))
    }
}

/// A store before the database.
pub(crate) struct Cached<S>(pub(crate) S);

impl<S: Store<Key = u64, Value = Product>> Shop for Cached<S> {
    async fn ask(&self, key: u64) -> larder::Result<Option<Product>> {
        self.0.get(&key).await.map(Lookup::value)
    }
}

/// How a replay went.
pub(crate) struct Replayed {
    pub(crate) elapsed: Duration,
    /// In nanoseconds.
    pub(crate) latencies: Histogram<u64>,
}

/// Lets `clients` ask `shop` at the same time, each for the next request that nobody has taken yet.
pub(crate) async fn replay(
    shop: &Arc<impl Shop>,
    requests: &Arc<Requests>,
    clients: usize,
    progress: Arc<Progress>,
) -> Result<Replayed> {
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..clients {
        let (shop, requests, next) = (Arc::clone(shop), Arc::clone(requests), Arc::clone(&next));
        running.spawn(client(shop, requests, next, Arc::clone(&progress)));
    }
    let mut latencies = histogram()?;
    while let Some(of_one) = running.join_next().await {
        latencies.add(of_one??).map_err(Failure::during("adding latencies"))?;
    }
    progress.ended();
    Ok(Replayed { elapsed: began.elapsed(), latencies })
}

async fn client(
    shop: Arc<impl Shop>,
    requests: Arc<Requests>,
    next: Arc<AtomicUsize>,
    progress: Arc<Progress>,
) -> Result<Histogram<u64>> {
    let mut latencies = histogram()?;
    loop {
        let place = next.fetch_add(1, Ordering::Relaxed);
        let Some(key) = requests.get(place) else { return Ok(latencies) };
        let asked = Instant::now();
        let product = shop.ask(key).await?;
        latencies.saturating_record(u64::try_from(asked.elapsed().as_nanos()).unwrap_or(u64::MAX));
        if product.is_none() {
            return Err(Failure::missing_product());
        }
        if place.is_multiple_of(1_024) {
            progress.reached(place as u64);
        }
        // A client that only ever hits never waits; this lets the others have their turn.
        coop::consume_budget().await;
    }
}

fn histogram() -> Result<Histogram<u64>> {
    let longest = Duration::from_mins(1).as_nanos() as u64;
    Histogram::new_with_bounds(1, longest, 3).map_err(Failure::during("making a histogram"))
}
