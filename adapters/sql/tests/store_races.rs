//! What two processes do to one key at once: nothing older is ever installed over something newer.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::proxy::Proxy;
use common::server::Server;
use common::{Db, entry, get, key, miss, on_both, on_pairs};
use larder_core::{Filled, Lease, Lookup, Store};
use larder_sql::{Postgres, SqlStore, SqlStoreOptions};

#[tokio::test]
async fn what_another_process_writes_removes_or_fills_voids_a_lease() {
    on_pairs(async |one: SqlStore, other: SqlStore| {
        let (absent, present) = (miss(&one, "a").await, one.lease(&key("a")).await.unwrap());
        other.insert(key("a"), entry("new")).await.unwrap();
        assert_eq!(one.fill(key("a"), entry("old"), absent).await.unwrap(), Filled::Void);
        assert_eq!(one.fill(key("a"), entry("old"), present).await.unwrap(), Filled::Void);
        let lease = one.lease(&key("a")).await.unwrap();
        assert!(other.remove(&key("a")).await.unwrap());
        assert_eq!(one.fill(key("a"), entry("old"), lease).await.unwrap(), Filled::Void);
        let (first, second) = (miss(&one, "a").await, miss(&other, "a").await);
        assert!(other.fill(key("a"), entry("second"), second).await.unwrap().is_stored());
        assert_eq!(one.fill(key("a"), entry("first"), first).await.unwrap(), Filled::Void);
        assert_eq!(get(&one, "a").await.as_deref(), Some("second"));
    })
    .await;
}

#[tokio::test]
async fn a_lease_is_taken_before_the_value_so_a_removal_in_between_is_seen() {
    on_pairs(async |one: SqlStore, other: SqlStore| {
        let lease = miss(&one, "a").await;
        assert!(!other.remove(&key("a")).await.unwrap(), "nothing was there, and it counts all the same");
        assert_eq!(one.fill(key("a"), entry("old"), lease).await.unwrap(), Filled::Void);
        assert_eq!(get(&other, "a").await, None);
    })
    .await;
}

#[tokio::test]
async fn what_one_clears_is_gone_for_all_and_their_leases_with_it() {
    on_pairs(async |one: SqlStore, other: SqlStore| {
        other.insert(key("a"), entry("a")).await.unwrap();
        let (absent, present) = (miss(&other, "b").await, other.lease(&key("a")).await.unwrap());
        one.clear().await.unwrap();
        assert_eq!(get(&other, "a").await, None);
        assert_eq!(other.fill(key("a"), entry("old"), present).await.unwrap(), Filled::Void);
        assert_eq!(other.fill(key("b"), entry("old"), absent).await.unwrap(), Filled::Void);
        let after = miss(&other, "a").await;
        assert!(one.fill(key("a"), entry("new"), after).await.unwrap().is_stored());
        assert_eq!(get(&other, "a").await.as_deref(), Some("new"));
    })
    .await;
}

#[tokio::test]
async fn a_lease_on_nothing_ends_before_a_removal_can_be_forgotten() {
    on_pairs(async |one: SqlStore, _| {
        let older_by = |lease: &Lease, micros| {
            let [taken, epoch] = lease.stamp();
            Lease::new([taken - micros, epoch])
        };
        let lease = miss(&one, "a").await;
        let old = older_by(&lease, 61_000_000);
        assert_eq!(one.fill(key("a"), entry("old"), old).await.unwrap(), Filled::Void);
        let of_tomorrow = Lease::new([lease.stamp()[0] + 86_400_000_000, lease.stamp()[1]]);
        assert_eq!(one.fill(key("a"), entry("forged"), of_tomorrow).await.unwrap(), Filled::Void);
        let good = older_by(&lease, 50_000_000);
        assert!(one.fill(key("a"), entry("new"), good).await.unwrap().is_stored());
    })
    .await;
}

#[tokio::test]
async fn of_all_leases_that_are_asked_for_the_longest_counts_for_all() {
    on_both(async |db: Db| {
        let short = db.store(SqlStoreOptions::new("cache").lease(Duration::ZERO)).await;
        let aged = |lease: Lease, seconds: u64| {
            let [taken, epoch] = lease.stamp();
            Lease::new([taken - seconds * 1_000_000, epoch])
        };
        let over = aged(miss(&short, "a").await, 30);
        assert_eq!(short.fill(key("a"), entry("old"), over).await.unwrap(), Filled::Void);
        short.insert(key("b"), entry("b")).await.unwrap();
        let long = db.store(SqlStoreOptions::new("cache").lease(Duration::from_mins(5))).await;
        for (store, name) in [(&long, "c"), (&short, "d")] {
            let within = aged(miss(store, name).await, 299);
            assert!(store.fill(key(name), entry("new"), within).await.unwrap().is_stored());
        }
    })
    .await;
}

/// Each writer changes the origin and then removes the key; each reader loads under its lease.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_never_leave_an_old_value_behind_however_they_meet_writers() {
    on_pairs(async |one: SqlStore, other: SqlStore| {
        let origin: Arc<[AtomicU64; 2]> = Arc::default();
        let tasks = (0..8).map(|task| {
            let (store, origin) =
                (if task % 2 == 0 { one.clone() } else { other.clone() }, Arc::clone(&origin));
            tokio::spawn(async move {
                for round in 0..60 {
                    let at = (task / 4 + round) % 2;
                    let (row, name) = (&origin[at], key(["a", "b"][at]));
                    if task < 3 {
                        row.fetch_add(1, Ordering::SeqCst);
                        store.remove(&name).await.unwrap();
                    } else if let Lookup::Miss(lease) = store.get(&name).await.unwrap() {
                        let loaded = row.load(Ordering::SeqCst).to_string();
                        tokio::task::yield_now().await;
                        let _ = store.fill(name, entry(&loaded), lease).await.unwrap();
                    }
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        for (at, name) in ["a", "b"].into_iter().enumerate() {
            let last = origin[at].load(Ordering::SeqCst).to_string();
            let found = get(&one, name).await;
            assert!(found.as_ref().is_none_or(|found| *found == last), "{found:?} is not {last}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_in_opposite_orders_do_not_wait_for_each_other_for_ever() {
    on_pairs(async |one: SqlStore, other: SqlStore| {
        let names = |n: u64| key(&format!("{n}"));
        let write = |store: SqlStore, reverse: bool, text: &'static str| {
            tokio::spawn(async move {
                for round in 0..10 {
                    let mut order: Vec<u64> = (0..100).collect();
                    if reverse {
                        order.reverse();
                    }
                    if round % 3 == 2 {
                        store.remove_many(&order.into_iter().map(names).collect::<Vec<_>>()).await.unwrap();
                    } else {
                        let entries = order.into_iter().map(|n| (names(n), entry(text))).collect();
                        store.insert_many(entries).await.unwrap();
                    }
                }
            })
        };
        let (first, second) = (write(one.clone(), false, "one"), write(other.clone(), true, "other"));
        first.await.unwrap();
        second.await.unwrap();
        let all = one.get_many(&(0..100).map(names).collect::<Vec<_>>()).await.unwrap();
        assert!(all.iter().all(Lookup::is_hit), "each ended with a write");
    })
    .await;
}

#[tokio::test]
async fn a_fill_that_was_given_up_on_its_way_never_comes_after_a_later_write() {
    let Some(server) = Server::shared() else { return };
    let schema = server.schema().await;
    let proxy = Proxy::to(server.port).await;
    let url = server.url_of(&schema).replace(&format!(":{}/", server.port), &format!(":{}/", proxy.port));
    let slow: SqlStore = Postgres::connect(&url).await.unwrap().store("cache").await.unwrap();
    let fast = Db::Postgres(server.database_of(&schema).await).store("cache").await;
    let (absent, present) = (miss(&slow, "a").await, miss(&slow, "b").await);
    let used = slow.lease(&key("c")).await.unwrap();
    assert!(slow.fill(key("c"), entry("prepared"), used).await.unwrap().is_stored());
    proxy.hold();
    let (fill, other) =
        (slow.fill(key("a"), entry("late"), absent), slow.fill(key("b"), entry("late"), present));
    tokio::select! {
        _ = fill => unreachable!("nothing gets through"),
        _ = other => unreachable!("nothing gets through"),
        () = proxy.has_some() => {}
    }
    fast.insert(key("a"), entry("second")).await.unwrap();
    fast.remove(&key("b")).await.unwrap();
    proxy.open();
    assert_eq!(get(&slow, "a").await.as_deref(), Some("second"));
    assert_eq!(get(&fast, "a").await.as_deref(), Some("second"));
    assert_eq!(get(&fast, "b").await, None);
}

#[tokio::test]
async fn a_write_that_was_given_up_while_it_waited_for_a_row_undoes_nothing() {
    let Some(server) = Server::shared() else { return };
    let db = server.database().await;
    let store: SqlStore = db.store("cache").await.unwrap();
    let waiting = async |expected: i64| {
        let waiters = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INTO \"cache\" AS t%' AND $1 = 1";
        let now = Db::Postgres(db.clone());
        common::until(async || now.number(waiters).await == expected).await;
    };
    for removes in [false, true] {
        store.insert(key("a"), entry("first")).await.unwrap();
        let mut later = db.pool().begin().await.unwrap();
        let write = larder_sql::sqlx::query("UPDATE cache SET version = 1 << 20");
        write.execute(&mut *later).await.unwrap();
        let name = key("a");
        let given_up = async {
            if removes {
                store.remove(&name).await.map(drop)
            } else {
                store.insert(key("a"), entry("late")).await
            }
        };
        tokio::select! {
            _ = given_up => unreachable!("another has the row"),
            () = waiting(1) => {}
        }
        later.commit().await.unwrap();
        waiting(0).await;
        let version = Db::Postgres(db.clone()).number("SELECT version FROM cache WHERE $1 = 1").await;
        assert_eq!((version, get(&store, "a").await.as_deref()), (1 << 20, Some("first")));
    }
    db.close().await;
}

#[tokio::test]
async fn who_opens_a_store_at_the_same_moment_opens_the_same_one() {
    let Some(server) = Server::shared() else { return };
    let schema = server.schema().await;
    let db = server.database_of(&schema).await;
    let options = || SqlStoreOptions::new("at once");
    let opening = (0..6).map(|_| {
        let db = db.clone();
        tokio::spawn(async move { db.store::<Vec<u8>>(options()).await.unwrap() })
    });
    let mut stores = Vec::new();
    for task in opening.collect::<Vec<_>>() {
        stores.push(task.await.unwrap());
    }
    stores[0].insert(key("a"), entry("a")).await.unwrap();
    for store in &stores {
        assert_eq!(get(store, "a").await.as_deref(), Some("a"));
    }
}
