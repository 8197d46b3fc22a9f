//! The origin: a SQLite database full of products.

use std::path::Path;
use std::time::{Duration, Instant};

use larder::sql::{Sqlite, Table};
use larder::{BoxFuture, Change, Entry, Loader, Writer};

use crate::failure::{Failure, Result};
use crate::products::Product;
use crate::progress::Progress;

/// More rows than this take more time than they teach: then several keys share a row.
const MOST_ROWS: u64 = 250_000;
const BATCH: u64 = 2_000;

/// A database full of products.
pub(crate) struct Database {
    sqlite: Sqlite,
    products: Table<u64, Product>,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) took: Duration,
}

impl Database {
    /// Makes the database at `path`, with a product for each of `keys` keys.
    pub(crate) async fn fill(path: &Path, keys: u64, seed: u64) -> Result<Self> {
        let began = Instant::now();
        let sqlite = Sqlite::open(path).await?;
        sqlite
            .execute(
                "CREATE TABLE products (
                    id          INTEGER PRIMARY KEY,
                    name        TEXT    NOT NULL,
                    cents       INTEGER NOT NULL CHECK (cents >= 0),
                    description TEXT    NOT NULL
                )",
            )
            .await?;
        let products = sqlite.table("products", "id", &["id", "name", "cents", "description"])?;
        let rows = keys.clamp(1, MOST_ROWS);
        insert(&products, rows, seed).await?;
        sqlite.execute("PRAGMA wal_checkpoint(TRUNCATE); ANALYZE").await?;
        let bytes = std::fs::metadata(path).map_err(Failure::during("looking at the database"))?.len();
        Ok(Self { sqlite, products, rows, bytes, took: began.elapsed() })
    }

    /// The products by the keys of the trace.
    pub(crate) fn catalog(&self) -> Catalog {
        Catalog { products: self.products.clone(), rows: self.rows }
    }

    /// The products by their ids.
    pub(crate) const fn products(&self) -> &Table<u64, Product> {
        &self.products
    }

    /// How many statements reached the database so far.
    pub(crate) fn queries(&self) -> u64 {
        self.sqlite.queries()
    }

    pub(crate) async fn close(&self) {
        self.sqlite.close().await;
    }
}

async fn insert(products: &Table<u64, Product>, rows: u64, seed: u64) -> Result<()> {
    let progress = Progress::new("filling the database", rows, "product");
    for first in (0..rows).step_by(BATCH as usize) {
        let ids = first..rows.min(first + BATCH);
        let changes: Vec<_> = ids.map(|id| Change::Put(id, Product::made_up(id, seed))).collect();
        products.write_many(&changes).await?;
        progress.reached(first);
    }
    progress.ended();
    Ok(())
}

/// Loads the product of a key.
#[derive(Clone)]
pub(crate) struct Catalog {
    products: Table<u64, Product>,
    rows: u64,
}

impl Loader<u64, Product> for Catalog {
    fn load<'a>(&'a self, key: &'a u64) -> BoxFuture<'a, larder::Result<Option<Entry<Product>>>> {
        Box::pin(async move { self.products.load(&(key % self.rows)).await })
    }
}
