//! One typed error for each way in which a database fails, and no key or value in its text.

mod common;

use std::path::PathBuf;
use std::time::Duration;

use common::{Db, User, printed, sqlite, user, value};
use larder_core::Change::{self, Delete, Put};
use larder_core::{Error, ErrorKind, Loader, Writer};
use larder_sql::sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use larder_sql::{Query, Sqlite, Table};

const SECRET: &str = "hunter2-hunter2";

async fn text_table(schema: &'static str) -> (Db, Table<String, String>) {
    let db = sqlite().await;
    db.execute(schema).await;
    (db.clone(), db.table("t", "k", &["v"]))
}

fn secret() -> Change<String, String> {
    Put(SECRET.into(), SECRET.into())
}

fn assert_discreet(error: &Error, kind: ErrorKind) {
    assert_eq!(error.kind(), kind, "{error}");
    assert!(std::error::Error::source(error).is_some(), "{error}");
    assert!(!printed(error).contains("hunter2"), "{}", printed(error));
}

#[tokio::test]
async fn a_missing_table_is_an_error_of_whoever_asked() {
    let db = Sqlite::in_memory().await.unwrap();
    let none: Table<String, String> = db.table("t", "k", &["v"]).unwrap();
    assert_discreet(&none.load(&SECRET.into()).await.unwrap_err(), ErrorKind::Load);
    assert_discreet(&none.load_many(&[SECRET.into()]).await.unwrap_err(), ErrorKind::Load);
    assert_discreet(&none.write(&secret()).await.unwrap_err(), ErrorKind::Write);
    assert_discreet(
        &none.write_many(&[secret(), Delete(SECRET.into())]).await.unwrap_err(),
        ErrorKind::Write,
    );
    let error = none.load(&SECRET.into()).await.unwrap_err();
    assert!(error.to_string().starts_with("loading from t: the loader failed: "), "{error}");
}

#[tokio::test]
async fn constraints_refuse_without_quoting_the_row() {
    let schemas = [
        "CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT UNIQUE); INSERT INTO t VALUES ('', 'hunter2-hunter2')",
        "CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT CHECK (length(v) < 3))",
        "CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT, w TEXT NOT NULL)",
        "CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT)",
        "CREATE TABLE t (k TEXT PRIMARY KEY, v INTEGER) STRICT",
        "CREATE TABLE o (k TEXT PRIMARY KEY); CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT REFERENCES o (k))",
        "CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT, w GENERATED ALWAYS AS (json(v)) STORED)",
        "CREATE TABLE t (k TEXT, v TEXT)",
    ];
    for schema in schemas {
        let (_, table) = text_table(schema).await;
        assert_discreet(&table.write(&secret()).await.unwrap_err(), ErrorKind::Write);
        assert_discreet(
            &table.write_many(&[Delete("x".into()), secret()]).await.unwrap_err(),
            ErrorKind::Write,
        );
    }
}

#[tokio::test]
async fn what_a_schema_says_itself_is_passed_on() {
    let (_, table) = text_table(
        "CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT);
         CREATE TRIGGER no BEFORE INSERT ON t BEGIN SELECT RAISE(ABORT, 'not on Sundays'); END",
    )
    .await;
    let error = table.write(&secret()).await.unwrap_err();
    assert_discreet(&error, ErrorKind::Write);
    assert!(error.to_string().contains("not on Sundays"), "{error}");
}

#[tokio::test]
async fn a_row_of_other_types_is_an_error_that_names_the_column_and_the_types() {
    let (db, table) = text_table("CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT)").await;
    table.write(&secret()).await.unwrap();
    let numbers: Table<String, i64> = db.table("t", "k", &["v"]);
    let error = numbers.load(&SECRET.into()).await.unwrap_err();
    assert_discreet(&error, ErrorKind::Load);
    assert_eq!(error.to_string(), "reading a row: the loader failed: column 1 holds TEXT, not a i64");
    assert_discreet(&numbers.load_many(&[SECRET.into()]).await.unwrap_err(), ErrorKind::Load);
}

#[tokio::test]
async fn a_null_where_the_value_has_none_is_an_error() {
    let (_, table) =
        text_table("CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT); INSERT INTO t VALUES ('k', NULL)").await;
    let error = table.load(&"k".into()).await.unwrap_err();
    assert!(error.to_string().contains("holds NULL"), "{error}");
}

#[tokio::test]
async fn text_that_is_not_utf_8_is_an_error() {
    let (db, table) = text_table(
        "CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT);
         INSERT INTO t VALUES ('k', CAST(CAST('hunter2-hunter2' AS BLOB) || x'ff' AS TEXT))",
    )
    .await;
    db.execute("UPDATE t SET v = CAST(x'68756e74657232ff' AS TEXT)").await;
    assert_discreet(&table.load(&"k".into()).await.unwrap_err(), ErrorKind::Load);
    assert_discreet(&table.load_many(&["k".into()]).await.unwrap_err(), ErrorKind::Load);
}

#[tokio::test]
async fn a_value_with_more_or_fewer_fields_than_columns_is_an_error() {
    let (db, _) =
        text_table("CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT); INSERT INTO t VALUES ('k', 'v')").await;
    let wide: Table<String, (String, String)> = db.table("t", "k", &["v"]);
    let narrow: Table<String, String> = db.table("t", "k", &["k", "v"]);
    assert_eq!(wide.load(&"k".into()).await.unwrap_err().kind(), ErrorKind::Load);
    assert_eq!(narrow.load(&"k".into()).await.unwrap_err().kind(), ErrorKind::Load);
    let put = Put("k".into(), ("a".into(), "b".into()));
    assert_eq!(wide.write(&put).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(narrow.write(&Put("k".into(), "v".into())).await.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn a_query_that_is_no_sql_is_an_error() {
    let db = Sqlite::in_memory().await.unwrap();
    for sql in ["", "SELEC", "SELECT :key", "SELECT ?1 FROM nowhere", "SELECT ?1; SELEC"] {
        let query: Query<String, i64> = db.query(sql);
        match query.load(&SECRET.into()).await {
            Err(error) => assert_discreet(&error, ErrorKind::Load),
            Ok(found) => assert!(sql.is_empty() && found.is_none(), "{sql}"),
        }
    }
    assert_eq!(db.execute("CREATE").await.unwrap_err().kind(), ErrorKind::Write);
}

#[tokio::test]
async fn a_closed_database_says_so() {
    let db = sqlite().await;
    let users = db.users().await;
    db.close().await;
    assert_eq!(users.load(&1).await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(users.load_many(&[1]).await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(users.write(&Put(1, user(1))).await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(users.write_many(&[Put(1, user(1)), Delete(2)]).await.unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn paths_that_cannot_be_opened_are_invalid() {
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("notes.txt");
    std::fs::write(&text, "not a database, but long enough to look like one. ".repeat(100)).unwrap();
    let paths = [
        dir.path().to_owned(),
        dir.path().join("missing/users.db"),
        text.join("users.db"),
        text.clone(),
        dir.path().join("nul\0.db"),
        PathBuf::new(),
        PathBuf::from(":memory:"),
    ];
    for path in paths {
        let error = Sqlite::open(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{} {error}", path.display());
    }
    assert!(std::fs::read_to_string(text).unwrap().starts_with("not a database"));
}

#[tokio::test]
async fn a_damaged_file_is_an_error_of_the_load() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("users.db");
    let db = Sqlite::open(&path).await.unwrap();
    db.execute(common::USERS).await.unwrap();
    let users: Table<u64, User> = db.table("users", "id", &["id", "name", "email"]).unwrap();
    users.write_many(&(1..=1_000).map(|id| Put(id, user(id))).collect::<Vec<_>>()).await.unwrap();
    db.close().await;

    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4_096..].fill(0xff);
    std::fs::write(&path, bytes).unwrap();

    let db = Sqlite::open(&path).await.unwrap();
    let users: Table<u64, User> = db.table("users", "id", &["id", "name", "email"]).unwrap();
    assert_discreet(&users.load(&1).await.unwrap_err(), ErrorKind::Load);
    assert_discreet(&users.load_many(&[1, 2]).await.unwrap_err(), ErrorKind::Load);
    assert_discreet(&users.write(&Put(1, user(1))).await.unwrap_err(), ErrorKind::Write);
    db.close().await;
}

#[tokio::test]
async fn a_database_that_may_only_be_read_refuses_changes_and_answers_loads() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("users.db");
    let db = Sqlite::open(&path).await.unwrap();
    db.execute(common::USERS).await.unwrap();
    db.close().await;
    let options = SqliteConnectOptions::new().filename(&path).read_only(true);
    let db = Sqlite::over(SqlitePoolOptions::new().connect_with(options).await.unwrap());
    let users: Table<u64, User> = db.table("users", "id", &["id", "name", "email"]).unwrap();
    assert_eq!(value(users.load(&1).await.unwrap()), None);
    assert_eq!(users.write(&Put(1, user(1))).await.unwrap_err().kind(), ErrorKind::Write);
    assert_eq!(users.write_many(&[Put(1, user(1)), Delete(2)]).await.unwrap_err().kind(), ErrorKind::Write);
    db.close().await;
}

#[tokio::test]
async fn a_database_locked_by_another_is_a_timeout_and_works_again_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("users.db");
    let other = Sqlite::open(&path).await.unwrap();
    other.execute(common::USERS).await.unwrap();
    let options = SqliteConnectOptions::new().filename(&path).busy_timeout(Duration::ZERO);
    let db = Sqlite::over(SqlitePoolOptions::new().connect_with(options).await.unwrap());
    let users: Table<u64, User> = db.table("users", "id", &["id", "name", "email"]).unwrap();

    let lock = other.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert_eq!(users.write(&Put(1, user(1))).await.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(users.write_many(&[Put(1, user(1)), Delete(2)]).await.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(value(users.load(&1).await.unwrap()), None, "readers don't wait for the writer");
    lock.rollback().await.unwrap();

    users.write_many(&[Put(1, user(1)), Delete(2)]).await.unwrap();
    assert_eq!(value(users.load(&1).await.unwrap()), Some(user(1)));
    db.close().await;
    other.close().await;
}

#[tokio::test]
async fn no_free_connection_in_time_is_a_timeout() {
    let options = SqliteConnectOptions::new().in_memory(true);
    let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(Duration::from_millis(5));
    let db = Sqlite::over(pool.connect_with(options).await.unwrap());
    let numbers: Table<i64, i64> = db.table("t", "k", &["v"]).unwrap();
    let held = db.pool().acquire().await.unwrap();
    assert_eq!(numbers.load(&1).await.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(numbers.write(&Put(1, 1)).await.unwrap_err().kind(), ErrorKind::Timeout);
    drop(held);
}
