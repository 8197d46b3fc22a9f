//! Keys, values and names that try to be more than data.

mod common;

use common::{texts, value, values};
use larder_core::Change::{Delete, Put};
use larder_core::{ErrorKind, Loader, Writer};
use larder_sql::{Sqlite, Table};

const ATTACKS: [&str; 7] = [
    "'; DROP TABLE texts; --",
    "\"; DROP TABLE texts; --",
    "' OR '1'='1",
    "x') ON CONFLICT DO NOTHING; DELETE FROM texts; --",
    "?1",
    "$1 :a @b",
    "/* \0 */",
];

#[tokio::test]
async fn attacks_in_keys_and_values_are_just_keys_and_values() {
    let texts = texts().await;
    texts.write(&Put("kept".into(), "kept".into())).await.unwrap();
    for attack in ATTACKS.map(str::to_owned) {
        assert_eq!(value(texts.load(&attack).await.unwrap()), None, "finds nothing that isn't there");
        texts.write(&Delete(attack.clone())).await.unwrap();
        texts.write(&Put(attack.clone(), attack.clone())).await.unwrap();
        assert_eq!(value(texts.load(&attack).await.unwrap()), Some(attack));
    }
    let keys = ATTACKS.map(str::to_owned);
    assert_eq!(values(texts.load_many(&keys).await.unwrap()), keys.map(Some));
    texts.write_many(&ATTACKS.map(|attack| Delete(attack.to_owned()))).await.unwrap();
    let all = texts.database().query::<i64, i64>("SELECT count(*) FROM texts WHERE ?1");
    assert_eq!(value(all.load(&1).await.unwrap()), Some(1));
    assert_eq!(value(texts.load(&"kept".into()).await.unwrap()), Some("kept".into()));
}

#[tokio::test]
async fn names_with_quotes_and_sql_in_them_are_just_names() {
    let db = Sqlite::in_memory().await.unwrap();
    db.execute(
        "CREATE TABLE \"odd\"\"; DROP TABLE kept; --\" (\"the key\" TEXT PRIMARY KEY, \"a\"\"b\" TEXT, \"select\" TEXT);
         CREATE TABLE kept (k TEXT PRIMARY KEY, v TEXT)",
    )
    .await
    .unwrap();
    let odd: Table<String, (String, String)> =
        db.table("odd\"; DROP TABLE kept; --", "the key", &["a\"b", "select"]).unwrap();
    let row = ("x".to_owned(), "y".to_owned());
    odd.write_many(&[Put("k".into(), row.clone()), Delete("other".into())]).await.unwrap();
    assert_eq!(value(odd.load(&"k".into()).await.unwrap()), Some(row.clone()));
    assert_eq!(values(odd.load_many(&["k".into()]).await.unwrap()), [Some(row)]);
    let kept: Table<String, String> = db.table("kept", "k", &["v"]).unwrap();
    assert_eq!(value(kept.load(&"k".into()).await.unwrap()), None);
}

#[tokio::test]
async fn a_misspelt_column_is_an_error_and_not_a_string() {
    let texts = texts().await;
    let db = texts.database();
    texts.write(&Put("k".into(), "v".into())).await.unwrap();
    let wrong_value: Table<String, String> = db.table("texts", "k", &["w"]).unwrap();
    let wrong_key: Table<String, String> = db.table("texts", "kk", &["v"]).unwrap();
    for table in [wrong_value, wrong_key] {
        let key = "kk".to_owned();
        assert_eq!(table.load(&key).await.unwrap_err().kind(), ErrorKind::Load);
        assert_eq!(table.load_many(std::slice::from_ref(&key)).await.unwrap_err().kind(), ErrorKind::Load);
        assert_eq!(table.write(&Put(key.clone(), key)).await.unwrap_err().kind(), ErrorKind::Write);
    }
    let wrong_key: Table<String, String> = db.table("texts", "kk", &["v"]).unwrap();
    let error = wrong_key.write(&Delete("kk".into())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Write);
}

#[tokio::test]
async fn names_that_cannot_be_quoted_are_refused() {
    let db = Sqlite::in_memory().await.unwrap();
    let many: Vec<String> = (0..2_000).map(|column| format!("c{column}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let refused: [(&str, &str, &[&str]); 8] = [
        ("", "k", &["v"]),
        ("t", "", &["v"]),
        ("t", "k", &[""]),
        ("t\0", "k", &["v"]),
        ("t", "k\0", &["v"]),
        ("t", "k", &["v", "\0"]),
        ("t", "k", &["v", "V"]),
        ("t", "k", &[]),
    ];
    for (table, key, columns) in refused.into_iter().chain([("t", "k", many.as_slice())]) {
        let error = db.table::<String, String>(table, key, columns).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{table:?} {key:?} {} columns", columns.len());
    }
}

#[tokio::test]
async fn keys_and_values_that_no_column_can_hold_are_refused_before_anything_is_sent() {
    let db = Sqlite::in_memory().await.unwrap();
    db.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, v REAL)").await.unwrap();
    let sent = db.queries();
    let numbers: Table<u64, f64> = db.table("t", "k", &["v"]).unwrap();
    let optional: Table<Option<i64>, f64> = db.table("t", "k", &["v"]).unwrap();
    let errors = [
        numbers.load(&u64::MAX).await.unwrap_err(),
        numbers.load_many(&[1, u64::MAX]).await.unwrap_err(),
        numbers.write(&Put(1, f64::NAN)).await.unwrap_err(),
        numbers.write_many(&[Put(1, 1.0), Delete(u64::MAX)]).await.unwrap_err(),
        optional.load(&None).await.unwrap_err(),
        optional.write(&Put(None, 1.0)).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
    assert_eq!(db.queries(), sent);
}

#[tokio::test]
async fn a_value_that_carries_another_key_is_refused() {
    let users = common::users().await;
    let error = users.write(&Put(1, common::user(2))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(common::present(&users).await, 0);
}
