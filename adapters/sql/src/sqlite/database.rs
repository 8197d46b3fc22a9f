//! A SQLite database: the pool of connections, and the count of what reached it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder_core::{Error, ErrorKind, Result};
use sqlx::ConnectOptions;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use super::failure::{failed, not_opened};

/// How long a statement waits for another's lock, and a task for a connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections to a file. Readers don't block each other; writers queue anyway.
const CONNECTIONS: u32 = 8;
/// Rows between a connection's thread and the task that asked: a whole batch, so that the thread needn't wait.
/// Measured with batches of 100 to 1,000: a fifth less time than with the default of 50.
const ROWS_UNDER_WAY: usize = 1_025;

/// A SQLite database. Cloning it is cheap and gives the same one.
///
/// # When something fails
///
/// A path that can't be opened, and a file that is no database, are errors of kind [`Invalid`](ErrorKind::Invalid);
/// any other failure to open is one of kind [`Store`](ErrorKind::Store).
#[derive(Clone, Debug)]
pub struct Sqlite {
    pool: SqlitePool,
    queries: Arc<AtomicU64>,
}

impl Sqlite {
    /// Opens the database file at `path`, and creates it if there is none (its directory must exist).
    ///
    /// Up to 8 connections; write-ahead log, so that readers and the writer don't block each other;
    /// `synchronous = NORMAL`, so that a crash of the program loses nothing, and a power cut at most the last commits,
    /// never the database; foreign keys are checked; 5 seconds of patience for a lock or a connection; nothing is
    /// logged. For other settings see [`over`](Self::over).
    ///
    /// As the origin of a durable write-behind queue it needs `synchronous = FULL` to outlive power cuts, too: the
    /// journal lets go of a write once the database has committed it, so the last commits must be on the disk by then.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        let options = settings()
            .filename(plain_file(path.as_ref())?)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal);
        // Every connection is checked when it comes back, and an embedded database can't hang up in between.
        let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).test_before_acquire(false);
        Self::connect(pool, options).await
    }

    /// An empty database in memory, with one connection: it ends with the last clone, or with
    /// [`close`](Self::close).
    pub async fn in_memory() -> Result<Self> {
        let one = SqlitePoolOptions::new().min_connections(1).max_connections(1);
        let kept = one.test_before_acquire(false).idle_timeout(None).max_lifetime(None);
        Self::connect(kept, settings().in_memory(true)).await
    }

    /// The database of a pool with settings of your own.
    pub fn over(pool: SqlitePool) -> Self {
        Self { pool, queries: Arc::default() }
    }

    async fn connect(pool: SqlitePoolOptions, options: SqliteConnectOptions) -> Result<Self> {
        let pool = pool.acquire_timeout(PATIENCE);
        pool.connect_with(options).await.map(Self::over).map_err(not_opened)
    }

    /// Runs statements without parameters, such as those that make tables; several with `;` between them.
    ///
    /// # When something fails
    ///
    /// The error is of kind [`Write`](ErrorKind::Write), and the statements before the failing one are done.
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
    pub const fn pool(&self) -> &SqlitePool {
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

fn settings() -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .busy_timeout(PATIENCE)
        .foreign_keys(true)
        .row_buffer_size(ROWS_UNDER_WAY)
        .disable_statement_logging()
}

/// `path` such that SQLite takes it for a file: not for a URI, a temporary database or one in memory.
fn plain_file(path: &Path) -> Result<PathBuf> {
    let invalid = |why: &'static str| Error::new(ErrorKind::Invalid, "opening a database").because(why);
    match path.to_str() {
        None => Err(invalid("the path isn't UTF-8")),
        Some("") => Err(invalid("the path is empty")),
        Some(":memory:") => Err(invalid("a database in memory is opened by `in_memory`")),
        Some(_) if path.is_relative() => Ok(Path::new(".").join(path)),
        Some(_) => Ok(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_never_taken_for_a_uri() {
        let path = plain_file(Path::new("file:users.db?mode=memory")).unwrap();
        assert_eq!(path, Path::new("./file:users.db?mode=memory"));
        assert_eq!(plain_file(Path::new("/tmp/users.db")).unwrap(), Path::new("/tmp/users.db"));
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_not_utf_8_is_refused() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"\xff.db"));
        assert_eq!(plain_file(path).unwrap_err().kind(), ErrorKind::Invalid);
    }
}
