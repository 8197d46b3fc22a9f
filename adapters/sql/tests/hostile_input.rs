//! Keys, values and names that try to be more than data.

mod common;

use common::{Db, on_both, sqlite, value, values};
use larder_core::Change::{Delete, Put};
use larder_core::{ErrorKind, Loader, Writer};
use larder_sql::Table;

const ATTACKS: [&str; 7] = [
    "'; DROP TABLE texts; --",
    "\"; DROP TABLE texts; --",
    "' OR '1'='1",
    "x') ON CONFLICT DO NOTHING; DELETE FROM texts; --",
    "?1",
    "$1 :a @b",
    "{NULL,\"a\\\"}",
];

#[tokio::test]
async fn attacks_in_keys_and_values_are_just_keys_and_values() {
    on_both(async |db: Db| {
        let texts = db.texts().await;
        texts.write(&Put("kept".into(), "kept".into())).await.unwrap();
        let nul = db.pick("/* \0 */", "/* */");
        let attacks: Vec<_> = ATTACKS.into_iter().chain([nul]).map(str::to_owned).collect();
        for attack in &attacks {
            assert_eq!(value(texts.load(attack).await.unwrap()), None, "finds nothing that isn't there");
            texts.write(&Delete(attack.clone())).await.unwrap();
            texts.write(&Put(attack.clone(), attack.clone())).await.unwrap();
            assert_eq!(value(texts.load(attack).await.unwrap()).as_ref(), Some(attack));
        }
        let found = values(texts.load_many(&attacks).await.unwrap());
        assert!(found.iter().flatten().eq(&attacks));
        texts.write_many(&attacks.iter().cloned().map(Delete).collect::<Vec<_>>()).await.unwrap();
        assert_eq!(db.number("SELECT count(*) FROM texts WHERE $1 = 1").await, 1);
        assert_eq!(value(texts.load(&"kept".into()).await.unwrap()), Some("kept".into()));
    })
    .await;
}

#[tokio::test]
async fn names_with_quotes_and_sql_in_them_are_just_names() {
    on_both(async |db: Db| {
        db.execute(
            "CREATE TABLE \"odd\"\"; DROP TABLE kept; --\" (\"the key\" TEXT PRIMARY KEY, \"a\"\"b\" TEXT, \"select\" TEXT);
             CREATE TABLE kept (k TEXT PRIMARY KEY, v TEXT)",
        )
        .await;
        let odd: Table<String, (String, String)> =
            db.table("odd\"; DROP TABLE kept; --", "the key", &["a\"b", "select"]);
        let row = ("x".to_owned(), "y".to_owned());
        odd.write_many(&[Put("k".into(), row.clone()), Delete("other".into())]).await.unwrap();
        assert_eq!(value(odd.load(&"k".into()).await.unwrap()), Some(row.clone()));
        assert_eq!(values(odd.load_many(&["k".into()]).await.unwrap()), [Some(row)]);
        let kept: Table<String, String> = db.table("kept", "k", &["v"]);
        assert_eq!(value(kept.load(&"k".into()).await.unwrap()), None);
    })
    .await;
}

#[tokio::test]
async fn a_misspelt_column_is_an_error_and_not_a_string() {
    on_both(async |db: Db| {
        let texts = db.texts().await;
        texts.write(&Put("k".into(), "v".into())).await.unwrap();
        let wrong = || -> Table<String, String> { db.table("texts", "kk", &["v"]) };
        for table in [db.table("texts", "k", &["w"]), wrong()] {
            let key = "kk".to_owned();
            assert_eq!(table.load(&key).await.unwrap_err().kind(), ErrorKind::Load);
            assert_eq!(
                table.load_many(std::slice::from_ref(&key)).await.unwrap_err().kind(),
                ErrorKind::Load
            );
            assert_eq!(table.write(&Put(key.clone(), key)).await.unwrap_err().kind(), ErrorKind::Write);
        }
        let error = wrong().write(&Delete("kk".into())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Write);
    })
    .await;
}

#[tokio::test]
async fn names_that_cannot_be_quoted_are_refused() {
    on_both(async |db: Db| {
        let many: Vec<String> = (0..2_000).map(|column| format!("c{column}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let long = "n".repeat(db.pick(2 << 20, 64));
        let refused: [(&str, &str, &[&str]); 10] = [
            ("", "k", &["v"]),
            ("t", "", &["v"]),
            ("t", "k", &[""]),
            ("t\0", "k", &["v"]),
            ("t", "k\0", &["v"]),
            ("t", "k", &["v", "\0"]),
            ("t", "k", &["v", "V"]),
            ("t", "k", &[]),
            (&long, "k", &["v"]),
            ("t", "k", &many),
        ];
        for (table, key, columns) in refused {
            let error = db.try_table::<String, String>(table, key, columns).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{} columns", columns.len());
        }
    })
    .await;
}

#[tokio::test]
async fn keys_and_values_that_no_column_can_hold_are_refused_before_anything_is_sent() {
    on_both(async |db: Db| {
        db.execute(db.pick(
            "CREATE TABLE t (k INTEGER PRIMARY KEY, v REAL)",
            "CREATE TABLE t (k BIGINT PRIMARY KEY, v FLOAT8)",
        ))
        .await;
        let sent = db.queries();
        let numbers: Table<u64, f64> = db.table("t", "k", &["v"]);
        let optional: Table<Option<i64>, f64> = db.table("t", "k", &["v"]);
        let mut errors = vec![
            numbers.load(&u64::MAX).await.unwrap_err(),
            numbers.load_many(&[1, u64::MAX]).await.unwrap_err(),
            numbers.write(&Put(1, f64::NAN)).await.unwrap_err(),
            numbers.write_many(&[Put(1, 1.0), Delete(u64::MAX)]).await.unwrap_err(),
            optional.load(&None).await.unwrap_err(),
            optional.write(&Put(None, 1.0)).await.unwrap_err(),
        ];
        if !db.is_sqlite() {
            let texts: Table<String, String> = db.table("t", "k", &["v"]);
            let nul = || "a\0b".to_owned();
            errors.push(texts.load(&nul()).await.unwrap_err());
            errors.push(texts.load_many(&[nul()]).await.unwrap_err());
            errors.push(texts.write(&Put("k".into(), nul())).await.unwrap_err());
            errors.push(texts.write(&Delete(nul())).await.unwrap_err());
        }
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        }
        assert_eq!(db.queries(), sent);
    })
    .await;
}

#[tokio::test]
async fn keys_of_no_bytes_and_of_many_are_keys_or_refused_by_the_database() {
    on_both(async |db: Db| {
        db.execute(db.pick(
            "CREATE TABLE t (k BLOB PRIMARY KEY, v TEXT)",
            "CREATE TABLE t (k BYTEA PRIMARY KEY, v TEXT)",
        ))
        .await;
        let table: Table<Vec<u8>, String> = db.table("t", "k", &["v"]);
        let plain = [vec![], vec![0], b"\n\0\n".to_vec(), vec![b'\n'; 64 << 10]];
        let puts: Vec<_> = plain.iter().map(|key| Put(key.clone(), key.len().to_string())).collect();
        table.write_many(&puts).await.unwrap();
        let found = values(table.load_many(&plain).await.unwrap());
        assert!(found.into_iter().flatten().eq(plain.iter().map(|key| key.len().to_string())));

        // What can't be made small is too long for an index of PostgreSQL.
        let mut word = 1_u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (word >> 24) as u8
        })
        .take(64 << 10)
        .collect();
        assert_eq!(value(table.load(&noise).await.unwrap()), None);
        match table.write(&Put(noise.clone(), "v".into())).await {
            Ok(()) => assert!(db.is_sqlite() && table.load(&noise).await.unwrap().is_some()),
            Err(error) => assert_eq!((db.is_sqlite(), error.kind()), (false, ErrorKind::Write)),
        }
    })
    .await;
}

#[tokio::test]
async fn a_value_that_carries_another_key_is_refused() {
    let users = sqlite().await.users().await;
    let error = users.write(&Put(1, common::user(2))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(common::present(&users).await, 0);
}
