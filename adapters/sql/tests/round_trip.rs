//! What is written is loaded again, one by one and in batches, over a real database.

mod common;

use std::sync::Arc;
use std::task::Poll;

use common::{Db, User, on_both, present, sqlite, user, value, values};
use larder_core::Change::{Delete, Put};
use larder_core::{ErrorKind, Loader, Writer};
use larder_sql::{Datum, Query, Sqlite, Table};

#[tokio::test]
async fn what_was_written_is_loaded_and_what_was_deleted_is_gone() {
    on_both(async |db: Db| {
        let users = db.users().await;
        assert_eq!(value(users.load(&1).await.unwrap()), None);
        users.write(&Put(1, user(1))).await.unwrap();
        assert_eq!(value(users.load(&1).await.unwrap()), Some(user(1)));

        let renamed = User { name: "Ann".into(), ..user(1) };
        users.write(&Put(1, renamed.clone())).await.unwrap();
        assert_eq!(value(users.load(&1).await.unwrap()), Some(renamed));

        users.write(&Delete(1)).await.unwrap();
        assert_eq!(value(users.load(&1).await.unwrap()), None);
        users.write(&Delete(1)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_batch_of_loads_answers_in_the_order_of_the_keys_with_doubles_and_gaps() {
    on_both(async |db: Db| {
        let users = db.users().await;
        users.write_many(&[Put(1, user(1)), Put(2, user(2)), Put(3, user(3))]).await.unwrap();
        let found = values(users.load_many(&[3, 9, 1, 3, 2]).await.unwrap());
        assert_eq!(found, [Some(user(3)), None, Some(user(1)), Some(user(3)), Some(user(2))]);
    })
    .await;
}

#[tokio::test]
async fn ten_thousand_keys_are_loaded_by_ten_statements() {
    on_both(async |db: Db| {
        let users = db.users().await;
        let puts: Vec<_> = (0..10_000).filter(|id| id % 3 != 0).map(|id| Put(id, user(id))).collect();
        users.write_many(&puts).await.unwrap();
        let keys: Vec<u64> = (0..10_000).rev().collect();
        let before = db.queries();
        let found = values(users.load_many(&keys).await.unwrap());
        assert_eq!(db.queries() - before, 10);
        assert_eq!(found.len(), 10_000);
        for (key, found) in keys.into_iter().zip(found) {
            assert_eq!(found, (key % 3 != 0).then(|| user(key)));
        }
    })
    .await;
}

#[tokio::test]
async fn a_batch_of_changes_keeps_their_order_in_few_statements() {
    on_both(async |db: Db| {
        let users = db.users().await;
        let changed = User { name: "changed".into(), ..user(2) };
        let batch = [
            Put(1, user(1)),
            Put(2, user(2)),
            Put(2, changed.clone()),
            Delete(1),
            Delete(3),
            Put(3, user(3)),
        ];
        let before = db.queries();
        users.write_many(&batch).await.unwrap();
        assert_eq!(db.queries() - before, 3, "of each key the last, and runs of one kind in one statement");
        let found = values(users.load_many(&[1, 2, 3]).await.unwrap());
        assert_eq!(found, [None, Some(changed), Some(user(3))]);
    })
    .await;
}

#[tokio::test]
async fn a_batch_is_made_wholly_or_not_at_all() {
    on_both(async |db: Db| {
        let users = db.users().await;
        users.write(&Put(1, user(1))).await.unwrap();
        let taken = User { email: user(2).email, ..user(3) };
        let batch = [Put(2, user(2)), Delete(1), Put(3, taken)];
        assert_eq!(users.write_many(&batch).await.unwrap_err().kind(), ErrorKind::Write);
        let found = values(users.load_many(&[1, 2, 3]).await.unwrap());
        assert_eq!(found, [Some(user(1)), None, None]);
    })
    .await;
}

#[tokio::test]
async fn a_batch_whose_future_is_dropped_midway_leaves_nothing() {
    let db = sqlite().await;
    let users = db.users().await;
    let changes: Vec<_> = (1..=1_500).map(|id| Put(id, user(id))).collect();
    let before = db.queries();
    let mut writing = users.write_many(&changes);
    let sent_second = std::future::poll_fn(|cx| match writing.as_mut().poll(cx) {
        Poll::Ready(_) => Poll::Ready(false),
        Poll::Pending if db.queries() == before + 2 => Poll::Ready(true),
        Poll::Pending => Poll::Pending,
    });
    assert!(sent_second.await, "1,024 rows are in, the others under way");
    drop(writing);
    assert_eq!(present(&users).await, 0);
    users.write_many(&changes).await.unwrap();
    assert_eq!(present(&users).await, 100);
}

#[tokio::test]
async fn an_empty_batch_asks_nothing() {
    on_both(async |db: Db| {
        let users = db.users().await;
        let before = db.queries();
        assert!(users.load_many(&[]).await.unwrap().is_empty());
        users.write_many(&[]).await.unwrap();
        assert_eq!(db.queries(), before);
    })
    .await;
}

#[tokio::test]
async fn loads_and_changes_are_counted() {
    on_both(async |db: Db| {
        let users = db.users().await;
        let before = db.queries();
        users.write(&Put(1, user(1))).await.unwrap();
        users.load(&1).await.unwrap();
        users.load(&2).await.unwrap();
        users.load_many(&[1, 2, 3]).await.unwrap();
        assert_eq!(db.queries() - before, 4);
    })
    .await;
}

#[tokio::test]
async fn it_works_erased_and_behind_an_arc() {
    on_both(async |db: Db| {
        let users = Arc::new(db.users().await);
        let writer: Arc<dyn Writer<u64, User>> = users.clone();
        writer.write_many(&[Put(1, user(1)), Put(2, user(2))]).await.unwrap();
        let loader: Box<dyn Loader<u64, User>> = Box::new(users);
        assert_eq!(values(loader.load_many(&[2, 1]).await.unwrap()), [Some(user(2)), Some(user(1))]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_load_and_write_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let db = Sqlite::open(dir.path().join("many.db")).await.unwrap();
    db.execute(common::USERS).await.unwrap();
    let users: Table<u64, User> = db.table("users", "id", &["id", "name", "email"]).unwrap();
    let tasks: Vec<_> = (1..=100)
        .map(|id| {
            let users = users.clone();
            tokio::spawn(async move {
                users.write(&Put(id, user(id))).await.unwrap();
                value(users.load(&id).await.unwrap())
            })
        })
        .collect();
    for (id, task) in (1..=100).zip(tasks) {
        assert_eq!(task.await.unwrap(), Some(user(id)));
    }
    assert_eq!(present(&users).await, 100);
    db.close().await;
}

#[tokio::test]
async fn a_file_keeps_its_rows_when_it_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file:odd ?name=%41&mode=memory#.db");
    for round in 0..2 {
        let db = Sqlite::open(&path).await.unwrap();
        db.execute("CREATE TABLE IF NOT EXISTS n (k TEXT PRIMARY KEY, v INTEGER)").await.unwrap();
        let numbers: Table<String, i64> = db.table("n", "k", &["v"]).unwrap();
        let found = value(numbers.load(&"n".into()).await.unwrap());
        assert_eq!(found, (round == 1).then_some(7));
        numbers.write(&Put("n".into(), 7)).await.unwrap();
        db.close().await;
    }
    assert!(path.is_file());
}

#[tokio::test]
async fn all_kinds_of_data_come_back_as_they_were() {
    on_both(async |db: Db| {
        type Everything = (Option<i64>, f64, String, Vec<u8>, bool, Datum);
        db.execute(db.pick(
        "CREATE TABLE t (k BLOB PRIMARY KEY, a INTEGER, b NUMERIC, c TEXT, d BLOB, e INTEGER, f)",
        "CREATE TABLE t (k BYTEA PRIMARY KEY, a BIGINT, b FLOAT8, c VARCHAR(9), d BYTEA, e BOOLEAN, f BYTEA)",
    ))
    .await;
        let table: Table<Vec<u8>, Everything> = db.table("t", "k", &["a", "b", "c", "d", "e", "f"]);
        let (text, datum) = db.pick(("a\0b", Datum::Real(0.5)), ("a\nb", Datum::Null));
        let rows = [
            (vec![], (None, 2.0, String::new(), vec![], true, Datum::Null)),
            (vec![0], (Some(i64::MIN), f64::MIN_POSITIVE, text.into(), vec![0, 255], false, datum)),
            (
                vec![0, 0],
                (Some(i64::MAX), f64::INFINITY, "ünï".into(), vec![7; 1 << 20], true, Datum::Blob(vec![])),
            ),
        ];
        let puts: Vec<_> = rows.iter().cloned().map(|(key, row)| Put(key, row)).collect();
        table.write_many(&puts).await.unwrap();
        for (key, row) in &rows {
            assert!(value(table.load(key).await.unwrap()).as_ref() == Some(row), "one by one");
        }
        let keys: Vec<_> = rows.iter().map(|(key, _)| key.clone()).collect();
        let expected: Vec<_> = rows.into_iter().map(|(_, row)| Some(row)).collect();
        assert!(values(table.load_many(&keys).await.unwrap()) == expected, "in a batch");
    })
    .await;
}

#[tokio::test]
async fn any_text_is_a_key_and_no_two_are_one() {
    on_both(async |db: Db| {
        let texts = db.texts().await;
        let nuls = db.pick(["\0", "a\0", "a\0b"], ["\u{1}", "a\u{1}", "a\\"]);
        let keys = ["", " ", "a", "é", "e\u{301}", "🦀", "%", "_", "'", "\"", "NULL", "1", "1.0"];
        let keys = [&keys[..], &nuls].concat();
        let puts: Vec<_> = keys.iter().map(|key| Put((*key).to_owned(), format!("<{key}>"))).collect();
        texts.write_many(&puts).await.unwrap();
        for key in &keys {
            assert_eq!(value(texts.load(&(*key).to_owned()).await.unwrap()), Some(format!("<{key}>")));
        }
        texts.write_many(&[Delete(nuls[1].to_owned()), Delete("%".to_owned())]).await.unwrap();
        let left = texts
            .load_many(&keys.iter().map(ToString::to_string).collect::<Vec<_>>())
            .await
            .unwrap()
            .iter()
            .flatten()
            .count();
        assert_eq!(left, keys.len() - 2);
    })
    .await;
}

#[tokio::test]
async fn in_sqlite_keys_compare_as_the_column_does_alone_and_in_batches() {
    let db = Sqlite::in_memory().await.unwrap();
    db.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, n TEXT COLLATE NOCASE UNIQUE)").await.unwrap();
    db.execute("INSERT INTO t VALUES (1, 'Ann')").await.unwrap();
    let by_number: Table<String, String> = db.table("t", "k", &["n"]).unwrap();
    let by_name: Table<String, i64> = db.table("t", "n", &["k"]).unwrap();
    let (one, ann) = ("1".to_owned(), "aNN".to_owned());
    assert_eq!(value(by_number.load(&one).await.unwrap()), Some("Ann".into()));
    assert_eq!(values(by_number.load_many(&[one]).await.unwrap()), [Some("Ann".into())]);
    assert_eq!(value(by_name.load(&ann).await.unwrap()), Some(1));
    assert_eq!(values(by_name.load_many(&[ann.clone(), "Ann".into()]).await.unwrap()), [Some(1), Some(1)]);
    by_name.write_many(&[Delete(ann), Delete("x".into())]).await.unwrap();
    assert_eq!(value(by_name.load(&"Ann".into()).await.unwrap()), None);
}

#[tokio::test]
async fn a_query_of_the_programs_own_is_a_loader() {
    on_both(async |db: Db| {
        let users = db.users().await;
        users.write_many(&[Put(1, user(1)), Put(2, user(2))]).await.unwrap();
        let query: Query<u64, (String, Option<i64>)> = db.query(db.pick(
            "SELECT upper(name), length(email) FROM users WHERE id = ?1 AND id < ?1 + 1",
            "SELECT upper(name), length(email) FROM users WHERE id = $1 AND id < $1 + 1",
        ));
        assert_eq!(value(query.load(&1).await.unwrap()), Some(("USER 1".into(), None)));
        let found = values(query.load_many(&[3, 2]).await.unwrap());
        assert_eq!(found, [None, Some(("USER 2".into(), Some(13)))]);
    })
    .await;
}
