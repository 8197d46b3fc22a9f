//! The shop: a web service over a database, with and without caches, under load.
//!
//! `cargo run --release --example shop` starts PostgreSQL and Redis where they are installed (else it says what it takes
//! instead), fills the database with products, serves them with axum, asks for them with concurrent clients over HTTP for
//! ten seconds, and prints what each configuration did. Values in Redis are compressed and sealed.

mod catalog;
mod clients;
mod database;
mod options;
mod postgres;
mod product;
mod remote;
mod report;
#[path = "../common/server.rs"]
mod server;
mod service;
#[allow(dead_code, reason = "the tour prints more")]
#[path = "../tour/units.rs"]
mod units;

use std::error::Error;

use catalog::{Catalog, Kind};
use clients::Load;
use database::Database;
use options::Options;
use remote::Remote;

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::read();
    let database = Database::start(options.products).await?;
    let remote = Remote::start();
    print!("{}", report::setting(&options, &database, &remote));
    let mut outcomes = Vec::new();
    for kind in Kind::ALL {
        let catalog = Catalog::open(kind, &database, &remote, options.near()).await?;
        let service = service::start(catalog).await?;
        let queries = database.queries();
        let load = Load { address: service.address, options };
        let outcome = load.run().await?;
        outcomes.push((kind, outcome, database.queries() - queries));
    }
    print!("{}", report::table(&outcomes, remote.name));
    database.close().await;
    Ok(())
}
