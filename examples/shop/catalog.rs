//! The four ways to a product: which stores stand before the database.

use std::time::Duration;

use larder::compress::Zstd;
use larder::patterns::Source;
use larder::policies::WTinyLfu;
use larder::prelude::*;
use larder::seal::{Keyring, SecretKey, XChaCha20Poly1305};
use larder::serde::Json;
use larder::sql::Table;
use larder::{Change, Clock, DynStore};

use crate::Result;
use crate::database::Database;
use crate::product::Product;
use crate::remote::Remote;

/// How long memory keeps a product: as long as another machine's change may go unseen here.
const NEAR_LIFE: Duration = Duration::from_secs(10);

/// Which stores stand before the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    None,
    Memory,
    Far,
    Both,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::None, Self::Memory, Self::Far, Self::Both];

    /// What its row is called, where the far tier is called `far`.
    pub(crate) fn title(self, far: &str) -> String {
        match self {
            Self::None => "no cache".to_owned(),
            Self::Memory => "memory".to_owned(),
            Self::Far => format!("{far} alone"),
            Self::Both => format!("memory + {far}"),
        }
    }

    /// The names of its levels, the nearest first.
    const fn levels(self) -> &'static [&'static str] {
        match self {
            Self::None => &[],
            Self::Memory => &["memory"],
            Self::Far => &["far"],
            Self::Both => &["memory", "far"],
        }
    }
}

/// Whoever can be asked for products, and told of their changes.
pub(crate) enum Catalog {
    Database(Table<u64, Product>),
    Cached { store: DynStore<u64, Product>, levels: &'static [&'static str], clock: Clock },
}

impl Catalog {
    pub(crate) async fn open(kind: Kind, database: &Database, remote: &Remote, near: u64) -> Result<Self> {
        let table = database.products.clone();
        let memory = || MemoryOptions::new(near).ttl(NEAR_LIFE).build(WTinyLfu::new);
        let store = match kind {
            Kind::None => return Ok(Self::Database(table)),
            Kind::Memory => memory().into_dyn(),
            Kind::Far => far(remote, "products, alone").await?,
            Kind::Both => far(remote, "products").await?.fronted_by(memory()).into_dyn(),
        };
        let store = store
            .read_through(table.clone()) // a miss is loaded once, for all who wait
            .write_through(table); //        a change reaches the database first
        Ok(Self::Cached {
            store: store.into_dyn(),
            levels: kind.levels(),
            clock: Env::tokio().clock().clone(),
        })
    }

    /// A product, and the name of what had it.
    pub(crate) async fn get(&self, id: u64) -> larder::Result<Option<(Product, &'static str)>> {
        match self {
            Self::Database(table) => Ok(table.load(&id).await?.map(|entry| (entry.into_value(), "database"))),
            Self::Cached { store, levels, clock } => {
                let answer = store.get_with_source(&id, clock).await?;
                Ok(answer.map(|answer| {
                    let from = match answer.source() {
                        Source::Level(level) => levels.get(level).copied().unwrap_or("farther"),
                        Source::Origin => "database",
                    };
                    (answer.into_value(), from)
                }))
            }
        }
    }

    pub(crate) async fn put(&self, product: Product) -> larder::Result<()> {
        match self {
            Self::Database(table) => table.write(&Change::Put(product.id, product)).await,
            Self::Cached { store, .. } => store.put(product.id, product).await,
        }
    }
}

/// Products as bytes, made small and sealed before they leave. A far tier that fails is a miss, and is reported.
async fn far(remote: &Remote, namespace: &str) -> Result<DynStore<u64, Product>> {
    let env = Env::tokio();
    let keyring = Keyring::new(1, SecretKey::random()?);
    let store = remote
        .namespace(namespace)
        .await?
        .encode(XChaCha20Poly1305::new(&keyring, &env).namespace(namespace))
        .encode(Zstd::level(3))
        .encode(Json::<Product>::new())
        .keyed(|id: &u64| format!("product:{id}"))
        .optional(|call, error| eprintln!("the far tier: {call:?}: {error}"), &env);
    Ok(store.into_dyn())
}
