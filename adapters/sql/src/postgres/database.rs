//! A PostgreSQL database: the pool of connections, and the count of what reached it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder_core::{Error, ErrorKind, Result};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};

use super::failure::failed;

/// How long a task waits for a connection, a new one included.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most connections. The server has 100 for all, unless told otherwise.
const CONNECTIONS: u32 = 8;
/// After lying idle for so long a connection is tried before it is used.
const IDLE: Duration = Duration::from_secs(1);

/// A PostgreSQL database. Cloning it is cheap and gives the same one.
///
/// # When something fails
///
/// A URL that can't be read, a wrong password and a database that isn't there are errors of kind
/// [`Invalid`](ErrorKind::Invalid). A server that can't be reached is asked again for 5 seconds, because it may be
/// starting: then it is one of kind [`Timeout`](ErrorKind::Timeout). Any other failure is of kind
/// [`Store`](ErrorKind::Store).
///
/// After a restart of the server each connection that was in use within the last second fails once; all others are
/// made anew without a word.
#[derive(Clone)]
pub struct Postgres {
    pool: PgPool,
    queries: Arc<AtomicU64>,
}

impl Postgres {
    /// Connects to the database at `url`: `postgres://user:password@host:port/database`.
    ///
    /// Up to 8 connections; 5 seconds of patience for one; nothing is logged. Encrypted if the crate's feature `tls` is
    /// on and the server can; with `?sslmode=verify-full` at the end it must. What the URL doesn't say is read from
    /// `PGHOST` and its kin. For other settings see [`over`](Self::over).
    pub async fn connect(url: &str) -> Result<Self> {
        let unreadable =
            |()| Error::new(ErrorKind::Invalid, "opening a database").because("the URL can't be read");
        if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            return Err(unreadable(()));
        }
        let options =
            PgConnectOptions::from_str(url).map_err(|_| unreadable(()))?.disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .test_before_acquire(false)
            .before_acquire(|connection, found| {
                Box::pin(async move {
                    if found.idle_for >= IDLE {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            });
        let connected = pool.connect_with(options).await;
        let pool = connected.map_err(|source| failed(source).told(ErrorKind::Store, "opening a database"))?;
        Ok(Self::over(pool))
    }

    /// The database of a pool with settings of your own.
    pub fn over(pool: PgPool) -> Self {
        Self { pool, queries: Arc::default() }
    }

    /// Runs statements without parameters, such as those that make tables; several with `;` between them are one
    /// transaction.
    ///
    /// # When something fails
    ///
    /// The error is of kind [`Write`](ErrorKind::Write), and nothing is done.
    pub async fn execute(&self, sql: &'static str) -> Result<()> {
        self.count();
        let done = sqlx::raw_sql(sql).execute(&self.pool).await;
        done.map(drop).map_err(|source| failed(source).told(ErrorKind::Write, "executing statements"))
    }

    /// How many statements were sent to the database: loads, changes and each [`execute`](Self::execute), also those
    /// that failed, over all tables and queries of this database and its clones. `BEGIN` and `COMMIT` don't count.
    pub fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }

    /// The pool, for all that this crate doesn't do. What goes past this crate isn't counted.
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Waits for running statements and closes the connections; later uses are errors of kind
    /// [`Closed`](ErrorKind::Closed).
    pub async fn close(&self) {
        self.pool.close().await;
    }

    pub(super) fn count(&self) {
        self.queries.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Postgres {
    /// Without the URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").field("queries", &self.queries()).finish_non_exhaustive()
    }
}
