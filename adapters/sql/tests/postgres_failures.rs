//! What PostgreSQL and the way to it do wrong, each as one typed error without a key, a value or a password in it.

mod common;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use common::server::Server;
use common::{Db, printed, user, value};
use larder_core::Change::{Delete, Put};
use larder_core::{Entry, Error, ErrorKind, Label, Loader, Parcel, Store, Writer};
use larder_sql::{Postgres, PostgresError, Query, SqlStore, Table};

const SECRET: &str = "hunter2-hunter2";

#[track_caller]
fn assert_discreet(error: &Error, kind: ErrorKind) {
    assert_eq!(error.kind(), kind, "{}", printed(error));
    assert!(std::error::Error::source(error).is_some(), "{error}");
    assert!(!printed(error).contains("hunter2"), "{}", printed(error));
}

#[track_caller]
fn code_of(error: &Error) -> String {
    let source = std::error::Error::source(error).expect("a source");
    source.downcast_ref::<PostgresError>().expect("PostgreSQL's own").code().to_owned()
}

/// The texts' table of this schema, in a database of its own.
async fn texts(server: &Server, schema: &'static str) -> (Postgres, Table<String, String>) {
    let db = server.database().await;
    db.execute(schema).await.unwrap();
    let table = db.table("t", "k", &["v"]).unwrap();
    (db, table)
}

#[tokio::test]
async fn urls_that_cannot_be_used_are_invalid() {
    let urls = [
        "",
        "hunter2",
        "postgres:",
        "mysql://u:hunter2@localhost/db",
        "postgres://u:hunter2@localhost:99999/db",
        "postgres://u:hunter2@[::1/db",
        "postgres://u:hunter2@localhost/db?sslmode=hunter2",
    ];
    for url in urls {
        assert_discreet(&Postgres::connect(url).await.unwrap_err(), ErrorKind::Invalid);
    }
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_an_error_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let start = Instant::now();
    let url = format!("postgres://u:{SECRET}@127.0.0.1:{port}/db");
    assert_discreet(&Postgres::connect(&url).await.unwrap_err(), ErrorKind::Store);
    assert!(start.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn a_wrong_password_and_a_database_that_is_not_there_are_invalid() {
    let Some(server) = Server::shared() else { return };
    let error = Postgres::connect(&server.url(SECRET)).await.unwrap_err();
    assert_discreet(&error, ErrorKind::Invalid);
    assert_eq!(code_of(&error), "28P01");
    let url = server.url("secret");
    let elsewhere = url.strip_suffix("/postgres").unwrap();
    let error = Postgres::connect(&format!("{elsewhere}/hunter2")).await.unwrap_err();
    assert_discreet(&error, ErrorKind::Invalid);
    assert_eq!(code_of(&error), "3D000");
}

/// Answers whatever comes with these bytes, and hangs up.
fn stranger(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(3) {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1_024]);
            let _ = stream.write_all(answer);
        }
    });
    port
}

#[tokio::test]
async fn a_server_that_is_not_postgresql_is_an_error() {
    let answers: [&[u8]; 8] = [
        b"",
        b"N",
        b"HTTP/1.1 400 Bad Request\r\n\r\nhunter2",
        b"-ERR unknown command hunter2\r\n",
        b"R\0\0\0\x03",
        b"R\0\0\0\0hunter2",
        b"R\xff\xff\xff\xffhunter2",
        b"E\0\0\0\x14SFATAL\0C28000\0hunter2",
    ];
    for answer in answers {
        for mode in ["disable", "prefer"] {
            let port = stranger(answer);
            let url = format!("postgres://u:{SECRET}@127.0.0.1:{port}/db?sslmode={mode}");
            let error = Postgres::connect(&url).await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Store | ErrorKind::Invalid), "{answer:?} {error}");
            assert!(!printed(&error).contains("hunter2"), "{answer:?} {}", printed(&error));
        }
    }
}

#[tokio::test]
async fn a_server_that_takes_connections_and_says_nothing_costs_five_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let start = Instant::now();
    let url = format!("postgres://u:{SECRET}@127.0.0.1:{port}/db");
    assert_discreet(&Postgres::connect(&url).await.unwrap_err(), ErrorKind::Timeout);
    assert!((5..20).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_server_that_never_answers_costs_the_limit_and_is_used_again_when_it_does() {
    let Some(server) = Server::start() else { return };
    let limit = Duration::from_millis(300);
    let db = Postgres::connect(&server.url("secret")).await.unwrap().timeout(limit);
    db.execute("CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT)").await.unwrap();
    let table: Table<String, String> = db.table("t", "k", &["v"]).unwrap();
    let store: SqlStore = db.store("cache").await.unwrap();
    table.write(&Put("k".into(), "v".into())).await.unwrap();
    server.stop_all();
    let start = Instant::now();
    for _ in 0..10 {
        assert_discreet(&table.load(&SECRET.into()).await.unwrap_err(), ErrorKind::Timeout);
    }
    assert_discreet(&table.write(&Delete(SECRET.into())).await.unwrap_err(), ErrorKind::Timeout);
    assert_discreet(&store.get(&SECRET.into()).await.unwrap_err(), ErrorKind::Timeout);
    assert!(start.elapsed() < limit * 12 * 4, "{:?}", start.elapsed());
    server.continue_all();
    common::until(async || table.load(&"k".into()).await.is_ok()).await;
    assert_eq!(value(table.load(&"k".into()).await.unwrap()), Some("v".into()));
    common::until(async || store.get(&b"k".to_vec()).await.is_ok()).await;
}

#[tokio::test]
async fn a_server_that_was_killed_is_found_again_when_it_is_back() {
    let Some(mut server) = Server::start() else { return };
    let limit = Duration::from_secs(2);
    let db = Postgres::connect(&server.url("secret")).await.unwrap().timeout(limit);
    let users = Db::Postgres(db.clone()).users().await;
    let store: SqlStore = db.store("cache").await.unwrap();
    let parcel = || Entry::new(Parcel::new(Label::default(), *b"kept"));
    users.write(&Put(1, user(1))).await.unwrap();
    store.insert(b"k".to_vec(), parcel()).await.unwrap();
    let stale = store.lease(&b"k".to_vec()).await.unwrap();
    server.kill();
    let error = users.load(&1).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Load | ErrorKind::Timeout), "{error}");
    let error = store.insert(b"k".to_vec(), parcel()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Store | ErrorKind::Timeout), "{error}");
    server.restart();
    common::until(async || users.load(&1).await.is_ok()).await;
    assert_eq!(value(users.load(&1).await.unwrap()), Some(user(1)));
    common::until(async || store.get(&b"k".to_vec()).await.is_ok()).await;
    assert!(store.get(&b"k".to_vec()).await.unwrap().is_hit(), "what was acknowledged is there");
    assert!(
        store.fill(b"k".to_vec(), parcel(), stale).await.unwrap().is_stored(),
        "nobody has written: the lease is good over a restart"
    );
}

#[tokio::test]
async fn constraints_refuse_without_quoting_the_row() {
    let Some(server) = Server::shared() else { return };
    let schemas = [
        ("23505", "CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT UNIQUE); INSERT INTO t VALUES ('', 'hunter2-hunter2')"),
        ("23514", "CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT CHECK (length(v) < 3))"),
        ("23502", "CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT, w TEXT NOT NULL)"),
        ("23503", "CREATE TABLE o (k TEXT PRIMARY KEY); CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT REFERENCES o)"),
        ("22001", "CREATE TABLE t (k TEXT PRIMARY KEY, v VARCHAR(3))"),
        ("22P02", "CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT, w INTEGER GENERATED ALWAYS AS (v::integer) STORED)"),
        ("42804", "CREATE TABLE t (k TEXT PRIMARY KEY, v BIGINT)"),
        ("42P10", "CREATE TABLE t (k TEXT, v TEXT)"),
        (
            "P0001",
            "CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT);
             CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no %'', new.v; END';
             CREATE TRIGGER no BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION no()",
        ),
    ];
    let put = || Put(SECRET.to_owned(), SECRET.to_owned());
    for (code, schema) in schemas {
        let (db, table) = texts(server, schema).await;
        let error = table.write(&put()).await.unwrap_err();
        assert_discreet(&error, ErrorKind::Write);
        assert_eq!(code_of(&error), code, "{schema}");
        let error = table.write_many(&[Delete("x".into()), put()]).await.unwrap_err();
        assert_discreet(&error, ErrorKind::Write);
        db.close().await;
    }
}

#[tokio::test]
async fn statements_that_do_not_fit_the_schema_are_errors_of_whoever_asked() {
    let Some(server) = Server::shared() else { return };
    let (db, table) = texts(server, "CREATE TABLE t (k UUID PRIMARY KEY, v NUMERIC)").await;
    let error = table.load(&SECRET.into()).await.unwrap_err();
    assert_discreet(&error, ErrorKind::Load);
    assert_eq!(code_of(&error), "42883", "a text is no UUID, unless a query casts it");
    assert_discreet(&table.load_many(&[SECRET.into()]).await.unwrap_err(), ErrorKind::Load);
    let cast: Query<String, i64> = db.query("SELECT 7::bigint WHERE $1::uuid IS NOT NULL");
    let error = cast.load(&SECRET.into()).await.unwrap_err();
    assert_discreet(&error, ErrorKind::Load);
    let numeric: Query<i64, f64> = db.query("SELECT $1::numeric");
    let error = numeric.load(&7).await.unwrap_err();
    assert!(error.to_string().contains("column 1 is a NUMERIC: cast it in a query"), "{error}");
    for sql in ["SELEC", "SELECT v FROM nowhere WHERE k = $1", "SELECT 1; SELECT $1"] {
        let query: Query<String, i64> = db.query(sql);
        assert_discreet(&query.load(&SECRET.into()).await.unwrap_err(), ErrorKind::Load);
    }
    assert_eq!(db.execute("CREATE").await.unwrap_err().kind(), ErrorKind::Write);
    db.close().await;
    assert_eq!(table.load(&SECRET.into()).await.unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn a_row_that_another_holds_is_waited_for_no_longer_than_the_limit() {
    let Some(server) = Server::shared() else { return };
    let (db, table) = texts(server, "CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT)").await;
    table.write(&Put("k".into(), "old".into())).await.unwrap();
    let mut held = db.pool().begin().await.unwrap();
    let lock = larder_sql::sqlx::query("UPDATE t SET v = 'held'");
    lock.execute(&mut *held).await.unwrap();
    let hasty: Table<String, String> =
        db.clone().timeout(Duration::from_millis(100)).table("t", "k", &["v"]).unwrap();
    let error = hasty.write(&Put("k".into(), "new".into())).await.unwrap_err();
    assert_discreet(&error, ErrorKind::Timeout);
    assert_eq!(value(table.load(&"k".into()).await.unwrap()), Some("old".into()), "readers don't wait");
    held.rollback().await.unwrap();
    table.write(&Put("k".into(), "last".into())).await.unwrap();
    assert_eq!(value(table.load(&"k".into()).await.unwrap()), Some("last".into()));
    db.close().await;
}
