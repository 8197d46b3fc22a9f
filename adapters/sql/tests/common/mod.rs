//! What several tests need: the users' table, in memory.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::fmt::Write;

use larder_core::{Entry, Error, Loader};
use larder_sql::{Sqlite, Table};

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

pub(crate) async fn users() -> Table<u64, User> {
    let db = Sqlite::in_memory().await.unwrap();
    db.execute(USERS).await.unwrap();
    db.table("users", "id", &["id", "name", "email"]).unwrap()
}

/// Text keys and values.
pub(crate) async fn texts() -> Table<String, String> {
    let db = Sqlite::in_memory().await.unwrap();
    db.execute("CREATE TABLE texts (k TEXT PRIMARY KEY, v TEXT)").await.unwrap();
    db.table("texts", "k", &["v"]).unwrap()
}

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
