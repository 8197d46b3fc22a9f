//! The tour: one database, one trace of requests, and what Larder's caches make of them.
//!
//! `cargo run --release --example tour` needs nothing but Rust. It fills a SQLite database with products, replays
//! requests for them with and without a cache, prints what each configuration did, and plays three short scenes.

mod database;
mod failure;
mod options;
mod packed;
mod page;
mod products;
mod progress;
mod replay;
mod report;
mod runs;
mod scenes;
mod trace;
mod units;

use std::process::ExitCode;
use std::time::Duration;

use tempfile::TempDir;

use database::Database;
use failure::{Failure, Result};
use options::Options;
use page::Page;
use runs::Capacities;
use trace::Requests;

fn main() -> ExitCode {
    match options::parse().and_then(|options| options.map_or(Ok(()), |options| in_its_own_folder(&options))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Reads the trace first, so that a wrong one costs nothing; removes the folder last, when nothing writes to it any more.
fn in_its_own_folder(options: &Options) -> Result<()> {
    let requests = trace::read(options)?;
    let folder = tempfile::Builder::new()
        .prefix("larder-tour-")
        .tempdir()
        .map_err(Failure::during("making a folder"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::during("starting the runtime"))?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = tour(options, requests, &folder) => outcome,
            Ok(()) = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
        }
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    folder.close().map_err(Failure::during("removing the folder")).and(outcome)
}

async fn tour(options: &Options, requests: Requests, folder: &TempDir) -> Result<()> {
    let mut page = Page::stdout();
    page.title("Larder, the tour")?;
    let database = Database::fill(&folder.path().join("shop.db"), requests.keys(), options.seed).await?;
    let capacities = Capacities::new(options.capacity, requests.keys());
    page.text(&report::setting(options, &requests, &database, capacities))?;

    let clients = options.clients.into();
    let outcomes = runs::all(&database, requests, clients, capacities).await?;
    page.heading("The same requests, four ways")?;
    page.text(&(report::table(&outcomes) + &report::what_to_notice(&outcomes)))?;

    page.heading("Scene 1: a stampede")?;
    page.text(&scenes::stampede(&database).await?)?;
    page.heading("Scene 2: a stale set is refused")?;
    page.text(&scenes::stale_set(&database).await?)?;
    page.heading("Scene 3: expiry, on a clock turned by hand")?;
    page.text(&scenes::expiry())?;
    database.close().await;
    Ok(())
}
