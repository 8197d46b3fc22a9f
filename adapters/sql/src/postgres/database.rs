//! A PostgreSQL database: the pool of connections, and the count of what reached it.

use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use larder_core::{BoxFuture, Error, ErrorKind, Result};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};
use tokio::time::timeout;

use super::failure::{failed, garbled, late};
use crate::failure::Failure;

/// How long a task waits for a connection, a new one included.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an operation may take, unless told otherwise.
const LIMIT: Duration = Duration::from_secs(10);
/// The most connections. The server has 100 for all, unless told otherwise.
const CONNECTIONS: u32 = 8;
/// After lying idle for so long a connection is tried before it is used.
const IDLE: Duration = Duration::from_secs(1);

/// A PostgreSQL database. Cloning it is cheap and gives the same one.
///
/// # When something fails
///
/// A URL that can't be read, a wrong password and a database that isn't there are errors of kind
/// [`Invalid`](ErrorKind::Invalid). A server that refuses, hangs up or isn't PostgreSQL is one of kind
/// [`Store`](ErrorKind::Store); one that doesn't answer in time is one of kind [`Timeout`](ErrorKind::Timeout).
///
/// A connection whose work took too long, or was dropped midway, is closed and not used again. After a restart of the
/// server each connection that was in use within the last second fails once; all others are made anew without a word.
/// While the server refuses, an operation tries again for 5 seconds or as long as it may take, and is a `Timeout` then.
#[derive(Clone)]
pub struct Postgres {
    pool: PgPool,
    queries: Arc<AtomicU64>,
    limit: Duration,
}

impl Postgres {
    /// Connects to the database at `url`: `postgres://user:password@host:port/database`.
    ///
    /// Up to 8 connections; 5 seconds of patience for one, 10 for an operation; nothing is logged. Encrypted if the crate's feature `tls` is
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
        let opening = |failure: Failure| failure.told(ErrorKind::Store, "opening a database");
        // A pool would take a refusal for a server that is about to start, and try again and again.
        in_time(PATIENCE, async { PgConnection::connect_with(&options).await?.close().await })
            .await
            .map_err(opening)?;
        Ok(Self::over(pool().connect_lazy_with(options)))
    }

    /// The database of a pool with settings of your own.
    pub fn over(pool: PgPool) -> Self {
        Self { pool, queries: Arc::default(), limit: LIMIT }
    }

    /// The same database, where an operation may take as long as `limit`, waiting for a connection included. Without it:
    /// 10 seconds. [`execute`](Self::execute) takes as long as it takes.
    pub const fn timeout(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
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

    /// Does `work` with a connection, in time.
    pub(super) async fn with<T: Send>(
        &self,
        work: impl for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, sqlx::Error>> + Send,
    ) -> Result<T, Failure> {
        let whole = async {
            let mut busy = Busy(Some(self.pool.acquire().await?));
            let done = match &mut busy.0 {
                Some(connection) => work(connection).await,
                None => Err(sqlx::Error::WorkerCrashed),
            };
            drop(busy.0.take());
            done
        };
        in_time(self.limit, whole).await
    }
}

/// What `work` comes to, unless that takes longer than `limit`.
///
/// The client library trusts lengths that a server sends, and panics over some: that is the server's failure, too.
async fn in_time<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, Failure> {
    let mut work = pin!(timeout(limit, work));
    poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))).map_or_else(
            |_| Poll::Ready(Err(garbled())),
            |polled| polled.map(|done| done.map_or_else(|_| Err(late()), |done| done.map_err(failed))),
        )
    })
    .await
}

/// A connection at work. If that is given up nobody knows what it will be answered next, so it is closed.
struct Busy(Option<PoolConnection<sqlx::Postgres>>);

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.0 {
            connection.close_on_drop();
        }
    }
}

fn pool() -> PgPoolOptions {
    let tried = PgPoolOptions::new().before_acquire(|connection, found| {
        Box::pin(async move {
            if found.idle_for >= IDLE {
                connection.ping().await?;
            }
            Ok(true)
        })
    });
    tried.max_connections(CONNECTIONS).acquire_timeout(PATIENCE).test_before_acquire(false)
}

impl fmt::Debug for Postgres {
    /// Without the URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").field("queries", &self.queries()).finish_non_exhaustive()
    }
}
