//! What a store keeps: any key, any value, for as long as it says, in a table of any name; and what it lets go of.

mod common;

use std::time::Duration;

use common::{Db, entry, get, key, miss, on_both, printed};
use larder_core::{Entry, Env, ErrorKind, Filled, Label, Loader, Lookup, Parcel, Store, Writer};
use larder_sql::{SqlStoreOptions, Table};

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn keys_of_any_bytes_are_kept_apart() {
    on_both(async |db: Db| {
        let store = db.store("cache").await;
        let mut keys: Vec<Vec<u8>> =
            [&b""[..], b"\0", b"\0\0", b"\n", b"\r\n", b" ", b"'\"", b"\\x00", b"\xff"]
                .map(<[u8]>::to_vec)
                .into();
        for length in [1_023, 1_024, 1_025, 64 << 10] {
            keys.extend([vec![0; length], vec![b'\n'; length], vec![0xff; length]]);
        }
        let entries = keys.iter().enumerate().map(|(n, key)| (key.clone(), entry(&n.to_string())));
        store.insert_many(entries.collect()).await.unwrap();
        for (n, key) in keys.iter().enumerate() {
            let found = store.get(key).await.unwrap().value().map(Parcel::into_payload);
            assert_eq!(found, Some(n.to_string().into_bytes()));
        }
        assert_eq!(store.remove_many(&keys).await.unwrap(), keys.len());
    })
    .await;
}

#[tokio::test]
async fn values_of_no_bytes_and_of_all_bytes_come_back_and_those_over_the_bound_are_refused() {
    on_both(async |db: Db| {
        let store = db.store(SqlStoreOptions::new("cache").max_value(100_000)).await;
        let label = Label { schema: 7, stamps: Some(vec![1, 2].into()), ..Label::default() };
        for bytes in [vec![], vec![0], (0..=255).collect(), vec![0; 99_000]] {
            let parcel = Parcel::new(label.clone(), bytes);
            store.insert(key("a"), Entry::new(parcel.clone())).await.unwrap();
            assert!(store.get(&key("a")).await.unwrap().value() == Some(parcel));
        }
        let large = || Entry::new(Parcel::new(label.clone(), vec![b'x'; 100_000]));
        let lease = store.lease(&key("a")).await.unwrap();
        let error = store.fill(key("a"), large(), lease).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(store.get(&key("a")).await.unwrap().is_hit(), "a fill that is refused changes nothing");
        let error = store.insert(key("a"), large()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(!printed(&error).contains("xx"));
        assert_eq!(get(&store, "a").await, None, "what a refused write was to replace is gone");
    })
    .await;
}

#[tokio::test]
async fn names_are_quoted_or_refused() {
    on_both(async |db: Db| {
        for name in ["\"; DROP TABLE t; --", "a b", "select", "é'`$1?"] {
            let store = db.store(name).await;
            store.insert(key("a"), entry(name)).await.unwrap();
            assert_eq!(get(&store, "a").await.as_deref(), Some(name));
        }
        let long = "n".repeat(db.pick(2 << 20, 58));
        for name in ["", "a\0b", &long] {
            assert_eq!(db.try_store(name).await.unwrap_err().kind(), ErrorKind::Invalid);
        }
    })
    .await;
}

#[tokio::test]
async fn tables_that_are_anothers_are_refused_and_left_alone() {
    on_both(async |db: Db| {
        let users = db.users().await;
        users.write(&larder_core::Change::Put(1, common::user(1))).await.unwrap();
        let error = db.try_store("users").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store, "{error}");
        assert!(users.load(&1).await.unwrap().is_some());

        db.store("cache").await;
        db.execute("UPDATE cache_epoch SET layout = 2").await;
        assert_eq!(db.try_store("cache").await.unwrap_err().kind(), ErrorKind::Invalid);
    })
    .await;
}

#[tokio::test]
async fn a_damaged_row_is_a_miss_that_is_counted_and_a_fill_replaces_it() {
    on_both(async |db: Db| {
        let store = db.store("cache").await;
        store.insert(key("a"), entry("a")).await.unwrap();
        db.execute(db.pick("UPDATE cache SET envelope = x'0102'", "UPDATE cache SET envelope = '\\x0102'"))
            .await;
        let lease = miss(&store, "a").await;
        assert_eq!(store.unreadable(), 1);
        assert!(store.fill(key("a"), entry("new"), lease).await.unwrap().is_stored());
        assert_eq!(get(&store, "a").await.as_deref(), Some("new"));
    })
    .await;
}

#[tokio::test]
async fn a_life_is_exact_to_the_microsecond_and_travels_with_its_value() {
    on_both(async |db: Db| {
        let store = db.store("cache").await;
        let ttl = Duration::from_nanos(86_400_123_456_789);
        store.insert(key("a"), entry("day").ttl(ttl).fresh_for(ttl / 2)).await.unwrap();
        assert_eq!(db.number("SELECT ends - written FROM cache WHERE $1 = 1").await, 86_400_123_457);
        let Lookup::Hit(found) = store.get(&key("a")).await.unwrap() else { panic!("it is there") };
        let life = found.life();
        let of = |deadline: larder_core::Deadline| deadline.time().unwrap().since(life.stored().unwrap());
        assert_eq!(of(life.usable_until()), ttl, "what is left and how old it is make the life");
        assert_eq!(of(life.fresh_until()), ttl / 2);
        store.insert(key("a"), entry("for ever").never_expires()).await.unwrap();
        assert_eq!(
            db.number("SELECT ends FROM cache WHERE $1 = 1").await,
            i64::MAX,
            "nothing of the old life"
        );
        let Lookup::Hit(found) = store.get(&key("a")).await.unwrap() else { panic!("it is there") };
        assert_eq!(found.life().usable_until().time(), None);
    })
    .await;
}

#[tokio::test]
async fn an_entry_ends_by_the_clock_of_the_database() {
    on_both(async |db: Db| {
        let (env, manual) = Env::manual();
        manual.advance(MINUTE * 10);
        let store = db.store(SqlStoreOptions::new("cache").env(&env)).await;
        store.insert(key("a"), entry("a").ttl(MINUTE)).await.unwrap();
        db.execute("UPDATE cache SET written = written - 59000000, ends = ends - 59000000").await;
        let Lookup::Hit(found) = store.get(&key("a")).await.unwrap() else { panic!("a second is left") };
        let life = found.life();
        let left = life.usable_until().time().unwrap().since(life.stored().unwrap());
        assert_eq!(left, MINUTE, "it is a minute's entry, 59 seconds old");
        db.execute("UPDATE cache SET written = written - 1000000, ends = ends - 1000000").await;
        let lease = miss(&store, "a").await;
        assert!(!store.remove(&key("a")).await.unwrap(), "an expired entry is none to remove");
        assert_eq!(store.fill(key("a"), entry("old"), lease).await.unwrap(), Filled::Void);
    })
    .await;
}

#[tokio::test]
async fn only_what_no_lease_can_miss_is_purged() {
    on_both(async |db: Db| {
        let store = db.store(SqlStoreOptions::new("cache").purge_every(None)).await;
        let rows = async || db.number("SELECT count(*) FROM cache WHERE $1 = 1").await;
        store.insert(key("kept"), entry("kept")).await.unwrap();
        store.insert(key("ended"), entry("ended").ttl(Duration::ZERO)).await.unwrap();
        store.remove(&key("removed")).await.unwrap();
        assert_eq!(store.purge(MINUTE).await.unwrap(), 0, "they are too young");
        assert_eq!(rows().await, 3);
        let older = "UPDATE cache SET written = written - 181000000, \
                     ends = CASE WHEN ends = 9223372036854775807 THEN ends ELSE ends - 181000000 END";
        db.execute(older).await;
        assert_eq!(store.purge(MINUTE).await.unwrap(), 2);
        assert_eq!(get(&store, "kept").await.as_deref(), Some("kept"));

        store.clear().await.unwrap();
        assert_eq!(store.purge(MINUTE).await.unwrap(), 0, "it was cleared just now");
        db.execute("UPDATE cache_epoch SET cleared = cleared - 181000000").await;
        store.insert(key("new"), entry("new")).await.unwrap();
        assert_eq!(store.purge(MINUTE).await.unwrap(), 1, "what was kept is of an earlier epoch");
        assert_eq!((rows().await, store.purged()), (1, 3));
        assert_eq!(get(&store, "new").await.as_deref(), Some("new"));
    })
    .await;
}

#[tokio::test]
async fn a_lease_on_what_has_just_ended_outlives_a_purge_and_one_on_what_was_purged_is_void() {
    on_both(async |db: Db| {
        let store = db.store(SqlStoreOptions::new("cache").purge_every(None)).await;
        store.insert(key("a"), entry("a").ttl(MINUTE * 10)).await.unwrap();
        db.execute("UPDATE cache SET written = written - 601000000, ends = ends - 601000000").await;
        let lease = miss(&store, "a").await;
        assert_eq!(store.purge(MINUTE).await.unwrap(), 0, "it ended a second ago");
        assert!(store.fill(key("a"), entry("b").ttl(Duration::ZERO), lease).await.unwrap().is_stored());

        let lease = miss(&store, "a").await;
        db.execute("UPDATE cache SET written = written - 181000000, ends = ends - 181000000").await;
        assert_eq!(store.purge(MINUTE).await.unwrap(), 1);
        assert_eq!(store.fill(key("a"), entry("old"), lease).await.unwrap(), Filled::Void);
        assert_eq!(get(&store, "a").await, None);
    })
    .await;
}

#[tokio::test]
async fn a_purge_goes_in_small_batches_and_stops_in_time() {
    on_both(async |db: Db| {
        let store = db.store(SqlStoreOptions::new("cache").purge_every(None)).await;
        let entries = (0..1_200).map(|n| (key(&n.to_string()), entry("x").ttl(Duration::ZERO)));
        store.insert_many(entries.collect()).await.unwrap();
        db.execute("UPDATE cache SET written = written - 181000000, ends = ends - 181000000").await;
        assert_eq!(store.purge(Duration::ZERO).await.unwrap(), 500, "one batch, and the time is over");
        let before = db.queries();
        assert_eq!(store.purge(MINUTE).await.unwrap(), 700);
        assert_eq!(db.queries() - before, 2);
        assert_eq!(store.purge(MINUTE).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn writes_start_the_purges() {
    on_both(async |db: Db| {
        let options = SqlStoreOptions::new("cache").purge_every(Some(Duration::ZERO));
        let store = db.store(options).await;
        store.remove(&key("a")).await.unwrap();
        db.execute("UPDATE cache SET written = written - 181000000, ends = ends - 181000000").await;
        common::until(async || {
            store.insert(key("b"), entry("b")).await.unwrap();
            store.purged() == 1
        })
        .await;
        assert_eq!(get(&store, "b").await.as_deref(), Some("b"));
    })
    .await;
}

#[tokio::test]
async fn operations_cost_as_many_statements_as_they_say() {
    on_both(async |db: Db| {
        let before = db.queries();
        db.store("cache").await;
        assert_eq!(db.queries() - before, 6, "to make the tables");
        let before = db.queries();
        let store = db.store(SqlStoreOptions::new("cache").purge_every(None)).await;
        assert_eq!(db.queries() - before, 2, "to open them");
        let a = key("a");
        let mut before = db.queries();
        let mut spent = || {
            let since = before;
            before = db.queries();
            before - since
        };
        let lease = miss(&store, "a").await;
        assert_eq!(spent(), 1, "a miss");
        assert!(store.fill(a.clone(), entry("a"), lease).await.unwrap().is_stored());
        assert_eq!(spent(), 1, "a fill");
        assert!(store.get(&a).await.unwrap().is_hit());
        assert_eq!(spent(), 1, "a hit");
        store.insert(a.clone(), entry("a")).await.unwrap();
        assert_eq!(spent(), 2, "an insert");
        assert!(store.remove(&a).await.unwrap());
        assert_eq!(spent(), 2, "a removal");
        store.clear().await.unwrap();
        assert_eq!(spent(), 1, "a clear");

        let keys: Vec<_> = (0..2_048).map(|n| key(&n.to_string())).collect();
        let found = store.get_many(&keys).await.unwrap();
        assert_eq!(spent(), 2, "a batch of look-ups, for each 1,024 keys");
        let leases = found.into_iter().filter_map(|found| match found {
            Lookup::Miss(lease) => Some(lease),
            Lookup::Hit(_) => None,
        });
        let fills = keys.iter().cloned().zip(leases).map(|(key, lease)| (key, entry("x"), lease));
        let filled = store.fill_many(fills.collect()).await.unwrap();
        assert!(filled.len() == 2_048 && filled.into_iter().all(Filled::is_stored));
        assert_eq!(spent(), 2, "a batch of fills");
        store.insert_many(keys.iter().map(|key| (key.clone(), entry("y"))).collect()).await.unwrap();
        assert_eq!(spent(), 4, "a batch of writes");
        assert_eq!(store.remove_many(&keys).await.unwrap(), 2_048);
        assert_eq!(spent(), 4, "a batch of removals");
        assert!(store.get_many(&[]).await.unwrap().is_empty());
        store.insert_many(Vec::new()).await.unwrap();
        assert_eq!(spent(), 0, "empty batches");
    })
    .await;
}

#[tokio::test]
async fn a_closed_store_says_so_and_its_database_goes_on() {
    on_both(async |db: Db| {
        let (store, other) = (db.store("cache").await, db.store("cache").await);
        store.close().await.unwrap();
        let lease = other.lease(&key("a")).await.unwrap();
        let errors = [
            store.get(&key("a")).await.unwrap_err(),
            store.lease(&key("a")).await.unwrap_err(),
            store.fill(key("a"), entry("a"), lease).await.unwrap_err(),
            store.insert(key("a"), entry("a")).await.unwrap_err(),
            store.remove(&key("a")).await.unwrap_err(),
            store.clear().await.unwrap_err(),
            store.purge(MINUTE).await.unwrap_err(),
        ];
        assert!(errors.iter().all(|error| error.kind() == ErrorKind::Closed));
        other.insert(key("a"), entry("a")).await.unwrap();
        let texts: Table<String, String> = db.texts().await;
        assert!(texts.load(&"a".into()).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_table_that_goes_away_is_an_error_without_a_key_in_it() {
    on_both(async |db: Db| {
        let store = db.store("cache").await;
        db.execute("DELETE FROM cache_epoch").await;
        let errors = async || {
            let secret = || key("hunter2");
            [
                store.get(&secret()).await.unwrap_err(),
                store.insert(secret(), entry("hunter2")).await.unwrap_err(),
                store.remove(&secret()).await.unwrap_err(),
                store.clear().await.unwrap_err(),
            ]
        };
        let without_epoch = errors().await;
        db.execute("DROP TABLE cache; DROP TABLE cache_epoch").await;
        for error in without_epoch.into_iter().chain(errors().await) {
            assert_eq!(error.kind(), ErrorKind::Store, "{error}");
            assert!(!printed(&error).contains("hunter2"), "{}", printed(&error));
        }
    })
    .await;
}
