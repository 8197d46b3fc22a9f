//! The four configurations that the requests are replayed against.

use std::sync::Arc;

use larder::policies::{Lru, WTinyLfu};
use larder::prelude::{EvictionPolicy, Memory, PatternExt, StoreExt};

use crate::database::Database;
use crate::failure::Result;
use crate::packed::Packed;
use crate::products::Product;
use crate::progress::Progress;
use crate::replay::{Cached, Replayed, Shop, replay};
use crate::trace::Requests;

/// How many entries each cache may hold.
#[derive(Clone, Copy)]
pub(crate) struct Capacities {
    pub(crate) single: u64,
    pub(crate) near: u64,
    pub(crate) far: u64,
}

impl Capacities {
    /// Those that follow from the capacity of the single cache: by default a tenth of the keys.
    pub(crate) fn new(single: Option<u64>, keys: u64) -> Self {
        let single = single.unwrap_or_else(|| (keys / 10).max(1));
        let near = if single == 0 { 0 } else { (single / 10).max(1) };
        Self { single, near, far: 2 * single }
    }
}

/// What one configuration did with the requests.
pub(crate) struct Outcome {
    pub(crate) title: &'static str,
    pub(crate) capacity: Option<u64>,
    pub(crate) requests: u64,
    pub(crate) hits: u64,
    pub(crate) tiers: Option<[Tier; 2]>,
    pub(crate) queries: u64,
    pub(crate) replayed: Replayed,
}

/// What one tier of two did.
pub(crate) struct Tier {
    pub(crate) title: &'static str,
    pub(crate) capacity: u64,
    pub(crate) hits: u64,
}

impl Outcome {
    /// Hits by requests, from 0 to 1.
    pub(crate) fn hit_rate(&self) -> f64 {
        self.hits as f64 / self.requests.max(1) as f64
    }
}

/// Replays the requests against the database alone, LRU, W-TinyLFU and two tiers, in this order.
pub(crate) async fn all(
    database: &Database,
    requests: Requests,
    clients: usize,
    capacities: Capacities,
) -> Result<[Outcome; 4]> {
    let bench = Bench { database, requests: Arc::new(requests), clients };
    Ok([
        bench.run("database alone", &Arc::new(database.catalog())).await?,
        bench.one_tier("LRU", capacities.single, Lru::new).await?,
        bench.one_tier("W-TinyLFU", capacities.single, WTinyLfu::new).await?,
        bench.two_tiers(capacities).await?,
    ])
}

struct Bench<'a> {
    database: &'a Database,
    requests: Arc<Requests>,
    clients: usize,
}

impl Bench<'_> {
    async fn one_tier<P: EvictionPolicy>(
        &self,
        title: &'static str,
        capacity: u64,
        policy: impl Fn(u64) -> P,
    ) -> Result<Outcome> {
        let memory = Memory::new(capacity, policy);
        let shop = Arc::new(Cached(memory.clone().read_through(self.database.catalog())));
        let outcome = self.run(title, &shop).await?;
        Ok(Outcome { capacity: Some(capacity), hits: memory.stats().hits, ..outcome })
    }

    /// A small near cache of products, before a larger far one that keeps bytes under names, as a server would.
    async fn two_tiers(&self, capacities: Capacities) -> Result<Outcome> {
        let store = Memory::<String, Arc<[u8]>, _>::new(capacities.far, WTinyLfu::new)
            .encode(Packed)
            .keyed(|id: &u64| format!("product:{id}"))
            .fronted_by(Memory::<u64, Product, _>::new(capacities.near, WTinyLfu::new))
            .read_through(self.database.catalog());
        let shop = Arc::new(Cached(store));
        let outcome = self.run("two tiers", &shop).await?;
        let stats = shop.0.inner().stats();
        let near = Tier { title: "near", capacity: capacities.near, hits: stats.near_hits };
        let far = Tier { title: "far", capacity: capacities.far, hits: stats.far_hits };
        Ok(Outcome { hits: near.hits + far.hits, tiers: Some([near, far]), ..outcome })
    }

    async fn run(&self, title: &'static str, shop: &Arc<impl Shop>) -> Result<Outcome> {
        let requests = self.requests.len() as u64;
        let progress = Arc::new(Progress::new(title, requests, "request"));
        let before = self.database.queries();
        let replayed = replay(shop, &self.requests, self.clients, progress).await?;
        let queries = self.database.queries() - before;
        Ok(Outcome { title, capacity: None, requests, hits: 0, tiers: None, queries, replayed })
    }
}
