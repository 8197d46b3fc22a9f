//! What several tests need: both databases, and the users' table.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod proxy;
pub(crate) mod server;
pub(crate) mod two;

use std::fmt::Write;

use larder_core::{Entry, Error, Key, Label, Lease, Loader, Lookup, Parcel, Store};
use larder_sql::{Column, Postgres, Query, Record, SqlStore, SqlStoreOptions, Sqlite, Table};
use server::Server;

/// A database of either kind.
#[derive(Clone, Debug)]
pub(crate) enum Db {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// Does `test` with an empty database of each kind.
pub(crate) async fn on_both(test: impl AsyncFn(Db)) {
    println!("SQLite:");
    test(sqlite().await).await;
    if let Some(server) = Server::shared() {
        println!("PostgreSQL:");
        let db = server.database().await;
        test(Db::Postgres(db.clone())).await;
        db.close().await;
    }
}

/// An empty SQLite database.
pub(crate) async fn sqlite() -> Db {
    Db::Sqlite(Sqlite::in_memory().await.unwrap())
}

/// Does `test` with two handles on one store, as two processes have them: on a file, and on a server.
pub(crate) async fn on_pairs(test: impl AsyncFn(SqlStore, SqlStore)) {
    println!("SQLite:");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    on_pair(async || Db::Sqlite(Sqlite::open(&path).await.unwrap()), &test).await;
    if let Some(server) = Server::shared() {
        println!("PostgreSQL:");
        let schema = server.schema().await;
        on_pair(async || Db::Postgres(server.database_of(&schema).await), &test).await;
    }
}

async fn on_pair(open: impl AsyncFn() -> Db, test: &impl AsyncFn(SqlStore, SqlStore)) {
    let (one, other) = (open().await, open().await);
    test(one.store("cache").await, other.store("cache").await).await;
    one.close().await;
    other.close().await;
}

pub(crate) fn key(text: &str) -> Vec<u8> {
    text.into()
}

pub(crate) fn entry(text: &str) -> Entry<Parcel> {
    Entry::new(Parcel::new(Label::default(), text))
}

pub(crate) async fn get(store: &SqlStore, name: &str) -> Option<String> {
    let found = store.get(&key(name)).await.unwrap().value();
    found.map(|parcel| String::from_utf8_lossy(parcel.payload()).into_owned())
}

pub(crate) async fn miss(store: &SqlStore, name: &str) -> Lease {
    match store.get(&key(name)).await.unwrap() {
        Lookup::Miss(lease) => lease,
        Lookup::Hit(_) => panic!("a hit where a miss should be"),
    }
}

impl Db {
    /// The one for SQLite, or the other.
    pub(crate) fn pick<T>(&self, sqlite: T, postgres: T) -> T {
        match self {
            Self::Sqlite(_) => sqlite,
            Self::Postgres(_) => postgres,
        }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.pick(true, false)
    }

    pub(crate) async fn execute(&self, sql: &'static str) {
        self.try_execute(sql).await.unwrap();
    }

    pub(crate) async fn try_execute(&self, sql: &'static str) -> larder_core::Result<()> {
        match self {
            Self::Sqlite(db) => db.execute(sql).await,
            Self::Postgres(db) => db.execute(sql).await,
        }
    }

    pub(crate) fn table<K: Key + Column, V: Record>(
        &self,
        table: &str,
        key: &str,
        columns: &[&str],
    ) -> Table<K, V> {
        self.try_table(table, key, columns).unwrap()
    }

    pub(crate) fn try_table<K: Key + Column, V: Record>(
        &self,
        table: &str,
        key: &str,
        columns: &[&str],
    ) -> larder_core::Result<Table<K, V>> {
        match self {
            Self::Sqlite(db) => db.table(table, key, columns),
            Self::Postgres(db) => db.table(table, key, columns),
        }
    }

    pub(crate) fn query<K: Key + Column, V: Record>(&self, sql: &'static str) -> Query<K, V> {
        match self {
            Self::Sqlite(db) => db.query(sql),
            Self::Postgres(db) => db.query(sql),
        }
    }

    pub(crate) async fn store(&self, options: impl Into<SqlStoreOptions> + Send) -> SqlStore {
        self.try_store(options).await.unwrap()
    }

    pub(crate) async fn try_store(
        &self,
        options: impl Into<SqlStoreOptions> + Send,
    ) -> larder_core::Result<SqlStore> {
        match self {
            Self::Sqlite(db) => db.store(options).await,
            Self::Postgres(db) => db.store(options).await,
        }
    }

    pub(crate) fn queries(&self) -> u64 {
        match self {
            Self::Sqlite(db) => db.queries(),
            Self::Postgres(db) => db.queries(),
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(db) => db.close().await,
            Self::Postgres(db) => db.close().await,
        }
    }

    /// The number that a query answers which mentions its parameter.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        value(self.query::<i64, i64>(sql).load(&1).await.unwrap()).expect("a row")
    }

    /// The table of the users, made now.
    pub(crate) async fn users(&self) -> Table<u64, User> {
        self.execute(USERS).await;
        self.table("users", "id", &["id", "name", "email"])
    }

    /// A table of text keys and values, made now.
    pub(crate) async fn texts(&self) -> Table<String, String> {
        self.execute("CREATE TABLE texts (k TEXT PRIMARY KEY, v TEXT)").await;
        self.table("texts", "k", &["v"])
    }
}

/// A value that knows its key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
}

larder_sql::record!(User { id, name, email });

pub(crate) fn user(id: u64) -> User {
    User { id, name: format!("user {id}"), email: id.is_multiple_of(2).then(|| format!("{id}@example.org")) }
}

pub(crate) const USERS: &str =
    "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE)";

pub(crate) fn value<V>(entry: Option<Entry<V>>) -> Option<V> {
    entry.map(Entry::into_value)
}

pub(crate) fn values<V>(entries: Vec<Option<Entry<V>>>) -> Vec<Option<V>> {
    entries.into_iter().map(value).collect()
}

/// How many of the users 1 to 100 are there.
pub(crate) async fn present(users: &Table<u64, User>) -> usize {
    let ids: Vec<u64> = (1..=100).collect();
    users.load_many(&ids).await.unwrap().iter().flatten().count()
}

/// All that an error would print, its sources included.
pub(crate) fn printed(error: &Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        let _ = write!(text, " {error} {error:?}");
        source = error.source();
    }
    text
}

/// Waits until `done`, which something else brings about.
pub(crate) async fn until(mut done: impl AsyncFnMut() -> bool) {
    let limit = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !done().await {
        assert!(std::time::Instant::now() < limit, "it should have come about by now");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
