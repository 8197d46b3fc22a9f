//! The origin: products in PostgreSQL, or in SQLite where that is not installed.

use larder::sql::{Postgres, Sqlite, Table};
use larder::{Change, Writer};
use tempfile::TempDir;

use crate::Result;
use crate::postgres;
use crate::product::Product;

const BATCH: u64 = 500;

const TABLE: &str = "CREATE TABLE products (
    id          BIGINT PRIMARY KEY,
    name        TEXT   NOT NULL,
    cents       BIGINT NOT NULL CHECK (cents >= 0),
    description TEXT   NOT NULL
)";

/// A database full of products.
pub(crate) struct Database {
    pub(crate) products: Table<u64, Product>,
    /// What it is, in one line.
    pub(crate) about: String,
    engine: Engine,
}

/// Whichever there is; its server or its folder goes with it.
enum Engine {
    Postgres(Postgres, #[expect(dead_code, reason = "ends the server when dropped")] postgres::Running),
    Sqlite(Sqlite, #[expect(dead_code, reason = "removes the file when dropped")] TempDir),
}

impl Database {
    /// Starts PostgreSQL if it is installed, or opens a file of SQLite, and fills it with so many products.
    pub(crate) async fn start(products: u64) -> Result<Self> {
        let (engine, about) = engine().await?;
        let columns = ["id", "name", "cents", "description"];
        let table = match &engine {
            Engine::Postgres(database, _) => {
                database.execute(TABLE).await?;
                database.table("products", "id", &columns)?
            }
            Engine::Sqlite(database, _) => {
                database.execute(TABLE).await?;
                database.table("products", "id", &columns)?
            }
        };
        fill(&table, products).await?;
        Ok(Self { products: table, about, engine })
    }

    /// How many statements reached it so far.
    pub(crate) fn queries(&self) -> u64 {
        match &self.engine {
            Engine::Postgres(database, _) => database.queries(),
            Engine::Sqlite(database, _) => database.queries(),
        }
    }

    pub(crate) async fn close(&self) {
        match &self.engine {
            Engine::Postgres(database, _) => database.close().await,
            Engine::Sqlite(database, _) => database.close().await,
        }
    }
}

/// Whichever there is, and what it is in one line.
async fn engine() -> Result<(Engine, String)> {
    if let Some((running, version)) = postgres::start()? {
        let database = Postgres::connect(&running.url()).await?;
        return Ok((Engine::Postgres(database, running), format!("{version}, a server of this run")));
    }
    let folder = tempfile::tempdir()?;
    let database = Sqlite::open(folder.path().join("shop.db")).await?;
    let about = "SQLite in a file; PostgreSQL is not installed: apt-get install postgresql";
    Ok((Engine::Sqlite(database, folder), about.to_owned()))
}

async fn fill(table: &Table<u64, Product>, products: u64) -> Result<()> {
    for first in (0..products).step_by(BATCH as usize) {
        let ids = first..products.min(first + BATCH);
        let changes: Vec<_> = ids.map(|id| Change::Put(id, Product::made_up(id))).collect();
        table.write_many(&changes).await?;
    }
    Ok(())
}
